"""Rows of a list that are high enough to touch, and whose text stays clear when selected."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from enos_csr_gui.gui import style


class ClearDelegate(QStyledItemDelegate):
    """Leaves out the mark of the focus where the selection shows it: Fusion pales the text."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        if option.state & QStyle.StateFlag.State_Selected:
            option.state &= ~QStyle.StateFlag.State_HasFocus


class _Delegate(ClearDelegate):
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), max(hint.height(), style.ROW))


def make_roomy(view: QAbstractItemView | None) -> None:
    """Make every row of the list, if there is one, high enough to touch."""
    if view is not None:
        view.setItemDelegate(_Delegate(view))
