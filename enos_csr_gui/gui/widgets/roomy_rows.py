"""Rows of a list that are high enough to touch."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem

from enos_csr_gui.gui import style


class _Delegate(QStyledItemDelegate):
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), max(hint.height(), style.ROW))


def make_roomy(view: QAbstractItemView | None) -> None:
    """Make every row of the list, if there is one, high enough to touch."""
    if view is not None:
        view.setItemDelegate(_Delegate(view))
