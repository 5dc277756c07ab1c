"""The lab by hand."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from lab import cache, keeper, releases
from lab.lab import Lab, base_directory
from lab.status import report
from lab.system import ENVIRONMENT, LabError


def main() -> int:
    """Do what the command line says; 1 and one sentence where it fails."""
    arguments = _parser().parse_args()
    try:
        _do(arguments)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _do(arguments: argparse.Namespace) -> None:
    match arguments.command:
        case "up":
            lab = Lab.up(arguments.nodes, arguments.base, release=arguments.release)
            print(
                f"up: {' '.join(lab.nodes)}\nssh -F {lab.ssh_config} alpha (in the lab's network)"
            )
        case "down":
            Lab(base_directory(arguments.base), cache.NODE_NAMES).down()
        case "prepare":
            cache.prepare()
            releases.prepare(releases.of_nodes(arguments.release, 3))
        case "keep":
            if keeper.keep(arguments.directory, arguments.owner):
                Lab.attach(arguments.directory).down()
        case "status":
            print(report(Lab.attach(arguments.base)))
        case "reset":
            Lab.attach(arguments.base).reset()
        case "kill":
            Lab.attach(arguments.base).kill(arguments.node)
        case "start":
            Lab.attach(arguments.base).start(arguments.node)
        case "exec":
            node = Lab.attach(arguments.base).members[arguments.node]
            words = node.command(*arguments.words)
            os.chdir("/")
            os.execvpe(words[0], words, ENVIRONMENT)
        case "board":
            _board(arguments.base, arguments.release)
        case "run":
            words = [*Lab.attach(arguments.base).network.prefix(), *arguments.words]
            os.execvp(words[0], words)


def _board(base: str | None, release: str | None) -> None:
    """Become the board on a lab, which is brought up if there is none."""
    try:
        lab = Lab.attach(base)
    except LabError:
        print("building three nodes …", flush=True)
        lab = Lab.up(3, base, release=release)
    vmferry = Path(sys.executable).with_name("vmferry")
    options = ("--ssh-config", lab.ssh_config, "alpha")
    words = [str(word) for word in (*lab.network.prefix(), vmferry, *options)]
    os.execvp(words[0], words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description=__doc__)
    parser.add_argument("--base", help="name or directory of the lab (default: $VMFERRY_LAB)")
    parser.add_argument(
        "--release",
        help=f"what new nodes stand on: {', '.join((releases.HOST, *releases.RELEASES))}, or one "
        f"for each node, with commas (default: ${releases.VARIABLE}, or this machine's own)",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="bring a lab up")
    up.add_argument("nodes", type=int, nargs="?", default=3, help="2 to 5 (default: 3)")
    commands.add_parser("down", help="take it down")
    commands.add_parser("status", help="nodes, memory, CPU, VMs")
    commands.add_parser("reset", help="back to the seeded state")
    commands.add_parser("board", help="vmferry on it; brings it up where there is none")
    commands.add_parser("prepare", help="only install and build what a lab needs")
    for name, words in (("kill", "pull the plug of a node"), ("start", "boot a killed node")):
        commands.add_parser(name, help=words).add_argument("node", choices=cache.NODE_NAMES)
    execute = commands.add_parser("exec", help="run a command in a node as root")
    execute.add_argument("node", choices=cache.NODE_NAMES)
    execute.add_argument("words", nargs=argparse.REMAINDER, metavar="CMD")
    run = commands.add_parser("run", help="run a command in the operator's network")
    run.add_argument("words", nargs=argparse.REMAINDER, metavar="CMD")
    keep = commands.add_parser("keep")
    keep.add_argument("directory", type=Path)
    keep.add_argument("owner", type=int)
    return parser


sys.exit(main())
