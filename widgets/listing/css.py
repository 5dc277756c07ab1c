"""How the list looks: a style for each tone and each ground, from the theme's colours."""

from __future__ import annotations

LISTING_CSS = """
Listing {
    background: $background;
    color: $foreground;
    overflow-x: hidden;
    scrollbar-size: 1 1;
    scrollbar-color: $foreground 25%;
    scrollbar-background: $background;

    & > .listing--strong { text-style: bold; }
    & > .listing--muted { color: $foreground 76%; }
    & > .listing--faint { color: $foreground 72%; }
    & > .listing--accent { color: $text-primary; text-style: bold; }
    & > .listing--ok { color: $text-success; }
    & > .listing--busy, & > .listing--trend { color: $text-primary; }
    & > .listing--warn { color: $text-warning; }
    & > .listing--bad { color: $text-error; text-style: bold; }

    & > .listing--on-label { background: $panel; }
    & > .listing--on-cursor { background: $primary 24%; color: $foreground; }
    & > .listing--on-cursor-blurred { background: $foreground 10%; }
    & > .listing--on-marked { background: $primary 14%; }

    &:ansi {
        & > .listing--muted, & > .listing--faint { color: ansi_default; text-style: dim; }
        & > .listing--on-label { background: ansi_default; text-style: underline; }
        & > .listing--on-cursor { background: ansi_blue; color: ansi_bright_white; }
        & > .listing--on-cursor-blurred { background: ansi_bright_black; color: ansi_black; }
        & > .listing--on-marked { background: ansi_default; }
    }
}
"""
