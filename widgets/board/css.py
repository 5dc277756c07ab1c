"""How the board looks: a style for each tone and each ground, from the theme's colours."""

from __future__ import annotations

BOARD_CSS = """
Board {
    background: $background;
    color: $foreground;
    scrollbar-size: 0 1;
    scrollbar-color: $foreground 25%;
    scrollbar-color-hover: $foreground 45%;
    scrollbar-color-active: $primary;
    scrollbar-background: $background;
    scrollbar-background-hover: $background;
    scrollbar-background-active: $background;
    scrollbar-corner-color: $background;

    & > .board--strong { text-style: bold; }
    & > .board--muted { color: $foreground 76%; }
    & > .board--faint { color: $foreground 35%; }
    & > .board--accent { color: $text-primary; text-style: bold; }
    & > .board--ok { color: $text-success; }
    & > .board--busy { color: $text-primary; }
    & > .board--trend { color: $text-primary 55%; }
    & > .board--warn { color: $text-warning; }
    & > .board--bad { color: $text-error; text-style: bold; }

    & > .board--on-cursor { background: $primary 24%; }
    & > .board--on-cursor-blurred { background: $foreground 10%; }
    & > .board--on-marked { background: $primary 14%; }
    & > .board--on-carried { background: $primary 24%; text-style: italic; }
    & > .board--on-live { background: $success 22%; }
    & > .board--on-side-effects { background: $warning 22%; }
    & > .board--on-reboot { background: $error 24%; }
    & > .board--on-refused { background: $foreground 8%; }
    & > .board--on-label { background: $primary; color: auto; text-style: bold; }

    &:ansi {
        & > .board--muted { color: ansi_default; text-style: dim; }
        & > .board--faint { color: ansi_bright_black; text-style: dim; }
        & > .board--trend { color: ansi_blue; }
        & > .board--on-cursor { background: ansi_blue; color: ansi_bright_white; }
        & > .board--on-cursor-blurred { background: ansi_bright_black; color: ansi_black; }
        & > .board--on-marked { background: ansi_default; }
        & > .board--on-carried { background: ansi_blue; color: ansi_bright_white; }
        & > .board--on-live { background: ansi_green; color: ansi_black; }
        & > .board--on-side-effects { background: ansi_yellow; color: ansi_black; }
        & > .board--on-reboot { background: ansi_red; color: ansi_bright_white; }
        & > .board--on-refused { background: ansi_default; }
        & > .board--on-label { background: ansi_blue; color: ansi_bright_white; }
    }
}
"""
