"""The colours: a calm dark theme and a light one."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="vmferry-dark",
    primary="#7aa5cc",
    secondary="#86b5a6",
    accent="#d9b068",
    success="#8abd7f",
    warning="#dba85c",
    error="#dd7f76",
    foreground="#d5dae0",
    background="#11151a",
    surface="#171c22",
    panel="#1f262e",
    dark=True,
    variables={
        "block-cursor-text-style": "none",
        "footer-key-foreground": "#7aa5cc",
        "footer-description-foreground": "#9aa4ae",
        "footer-background": "#171c22",
        "scrollbar": "#323c47",
        "scrollbar-hover": "#465362",
        "scrollbar-active": "#7aa5cc",
        "scrollbar-background": "#151a20",
        "scrollbar-background-hover": "#151a20",
        "scrollbar-background-active": "#151a20",
        "scrollbar-corner-color": "#151a20",
        "input-selection-background": "#7aa5cc 35%",
    },
)

LIGHT = Theme(
    name="vmferry-light",
    primary="#2c6594",
    secondary="#2f7766",
    accent="#7d560c",
    success="#2d6a29",
    warning="#7d5208",
    error="#b03a33",
    foreground="#262b31",
    background="#f7f6f2",
    surface="#efeee9",
    panel="#e4e2db",
    dark=False,
    variables={
        "block-cursor-text-style": "none",
        "footer-key-foreground": "#2c6594",
        "footer-description-foreground": "#5c646c",
        "footer-background": "#efeee9",
        "scrollbar": "#c3c1b8",
        "scrollbar-hover": "#aaa89f",
        "scrollbar-active": "#2c6594",
        "scrollbar-background": "#efeee9",
        "scrollbar-background-hover": "#efeee9",
        "scrollbar-background-active": "#efeee9",
        "scrollbar-corner-color": "#efeee9",
    },
)

SIXTEEN_COLOURS = "ansi-dark"
"""Textual's theme that emits nothing but the terminal's own 16 colours."""
OURS = (DARK.name, LIGHT.name, SIXTEEN_COLOURS)
"""The themes that were looked at with every view."""
