"""Which column of a table holds which subject field: the manual's names, initials, option names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from enos_csr_gui.core.errors import Code, InvalidTable, Problem
from enos_csr_gui.core.subject import SUBJECT_FIELDS

# The names of the manual's table and of our labels, in English and Chinese, besides the key of the
# field, its initials and OpenSSL's name. Written as ``_plain`` returns them.
_NAMES = {
    "country": "countryname countrycode countryorregion 国家 国家或地区 国家代码 国家名称 国别",
    "state": "stateorprovince stateorprovincename statename province 省 州 省份 省或州 州或省",
    "locality": "localityname city town cityorlocality 城市 市 地区 所在地 城市或地区",
    "organization": "organizationname organisation organisationname company 组织 公司 组织名称"
    " 单位 公司名称",
    "unit": "organizationalunit organizationalunitname organizationunit organisationalunit"
    " department 部门 组织单位 部门名称",
    "email": "e emailaddress mail 邮箱 电子邮箱 电子邮件 邮箱地址 电子邮件地址",
}

# In the order in which they are preferred when a table has several of them.
_COMMON_NAMES = (
    "commonname cn 通用名称 通用名 常用名 公用名",
    "assetid 资产id 资产标识 资产编号",
    "devicekey 设备key 设备标识 设备键",
)

_ENOS_TEMPLATE = frozenset(("devicename", "timezone", "设备名称", "时区"))
"""EnOS's device template has these beside the device key, and data from line 3."""


def _plain(heading: str) -> str:
    return re.sub(r"[\W_]+", "", heading.casefold())


def _known() -> dict[str, tuple[str, int]]:
    """Return plain name -> field key and rank; of several columns the lowest rank counts."""
    known: dict[str, tuple[str, int]] = {}
    for field in SUBJECT_FIELDS:
        names = (field.key, field.initials, field.openssl_name, *_NAMES.get(field.key, "").split())
        known |= {_plain(name): (field.key, 0) for name in names}
    for rank, names_of_rank in enumerate(_COMMON_NAMES):
        known |= dict.fromkeys(names_of_rank.split(), ("common_name", rank))
    return known


_KNOWN = _known()


class Columns(NamedTuple):
    """The columns of a table.

    ``places`` is field key -> index of its column, ``unknown`` the indexes of the others that have
    a heading. ``is_template``: these are the headings of EnOS's device template.
    """

    headings: tuple[str, ...]
    places: Mapping[str, int]
    unknown: tuple[int, ...]
    is_template: bool

    @property
    def unknown_headings(self) -> tuple[str, ...]:
        """The headings of the columns that hold no subject field."""
        return tuple(self.headings[index] for index in self.unknown)


def field_of(heading: str) -> tuple[str, int] | None:
    """Return the subject field that a heading names, and its rank; None if it names none.

    'Organization (O)' counts as each of its parts.
    """
    parts = [heading, *re.split(r"[(（\[/]", heading)]
    return next((_KNOWN[plain] for part in parts if (plain := _plain(part)) in _KNOWN), None)


def recognize(cells: Sequence[str], assigned: Mapping[str, str], table: Path) -> Columns | None:
    """Return the columns if the cells are a row of headings; None if no common name is among them.

    ``assigned`` is heading -> field key and goes before what the headings say. Raises InvalidTable
    when two columns hold one field.
    """
    headings = tuple(cell.strip() for cell in cells)
    found: dict[str, tuple[int, int]] = {}
    for index, heading in enumerate(headings):
        field, rank = field_of(heading) or ("", 0)
        if heading in assigned:
            field, rank = assigned[heading], -1
        if not field:
            continue
        earlier = found.get(field)
        if earlier and earlier[0] == rank:
            values = {"first": headings[earlier[1]], "second": heading}
            raise InvalidTable([Problem(Code.COLUMN_TWICE, field, table, values)])
        if not earlier or rank < earlier[0]:
            found[field] = (rank, index)
    if "common_name" not in found:
        return None
    places = {field: index for field, (_rank, index) in found.items()}
    unknown = tuple(i for i, text in enumerate(headings) if text and i not in places.values())
    plain = {_plain(heading) for heading in headings}
    template = bool(plain & _ENOS_TEMPLATE) and found["common_name"][0] == len(_COMMON_NAMES) - 1
    return Columns(headings, places, unknown, template)
