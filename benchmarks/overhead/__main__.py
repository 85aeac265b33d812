"""`python -m benchmarks.overhead`: what a request costs through the proxy, beside a bare relay and other products.

Closed loop: each client waits for its answer before it asks again. All subjects are started at once and take turns,
load by load, round by round; a run during which other processes were busy or the machine computed slower than
usual is thrown away and repeated. Every prompt is new, so that nothing remembered helps.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.overhead import report
from benchmarks.overhead.measure import Meter, Result, plan
from benchmarks.overhead.subjects import ABSENT, OWN, PEERS, SCALING, Rig, Subject


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 when a subject of our own could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overhead", description=__doc__)
    parser.add_argument("--subjects", default=",".join(OWN), help="of ours (default: %(default)s)")
    parser.add_argument("--peers", default="", help=f"of {', '.join(PEERS)}; see peers.sh")
    parser.add_argument("--cache", type=Path, help="directory with the peers' environments")
    parser.add_argument("--connections", default="1,16,64")
    parser.add_argument("--sizes", default="60,2048,16384", help="of prompts, in characters")
    parser.add_argument("--seconds", type=float, default=2.0, help="a run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-streams", action="store_true")
    parser.add_argument("--no-workers", action="store_true", help="leave out the runs with two workers")
    parser.add_argument(
        "--quick", action="store_true", help="one short round of little, whatever else runs: a smoke test"
    )
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    wish = parser.parse_args(arguments)
    if wish.quick:
        wish.connections, wish.sizes, wish.seconds, wish.rounds, wish.no_workers = "4", "60", 1.0, 1, True
    names = wish.subjects.split(",")
    for peer in filter(None, wish.peers.split(",")):
        if peer in ABSENT:
            print(f"{peer} is left out: {ABSENT[peer]}", file=sys.stderr)
        elif peer in PEERS:
            names += PEERS[peer]
        else:
            parser.error(f"no peer named {peer}; there are {', '.join([*PEERS, *ABSENT])}")
    connections, sizes = ([int(n) for n in text.split(",")] for text in (wish.connections, wish.sizes))
    streams = [False] if wish.no_streams else [False, True]
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing started outlives us
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        scratch = Path(folder)
        rig = Rig(scratch, wish.cache)
        stack.callback(rig.provider.stop)
        rig.provider.wait_for(rig.origin)
        results, versions = _measure(rig, scratch, names, connections, sizes, streams, wish, workers=1)
        if not wish.no_workers:
            some = [n for n in names if n in SCALING]
            more, _ = _measure(
                rig, scratch, some, connections[1:] or connections, sizes[1:2] or sizes, [False], wish, workers=2
            )
            results += more
    given = list(arguments if arguments is not None else sys.argv[1:])
    for name in ("--cache", "--out"):  # where things lie on this machine says nothing to others
        if name in given:
            del given[given.index(name) : given.index(name) + 2]
    asked = {"command": " ".join(given), "rounds": wish.rounds,
             "seconds": wish.seconds, "took_seconds": round(time.monotonic() - began)}  # fmt: skip
    report.write(results, asked, versions, wish.out)
    print((wish.out / "overhead.md").read_text("utf-8"))
    failed = [r for r in results if not r.runs]
    for r in failed:
        print(f"{r.cell}: {r.error}", file=sys.stderr)
    return int(any(r.cell.subject in OWN for r in failed))


def _measure(
    rig: Rig,
    scratch: Path,
    names: Sequence[str],
    connections: Sequence[int],
    sizes: Sequence[int],
    streams: Sequence[bool],
    wish: argparse.Namespace,
    *,
    workers: int,
) -> tuple[list[Result], dict[str, str]]:
    """Start the subjects, run every cell once a round, stop them."""
    with ExitStack() as stack:
        up: dict[str, Subject] = {}
        results = [Result(cell) for cell in plan(names, connections, sizes, streams, workers=workers)]
        for name in names:
            try:
                up[name] = rig.start(name, workers)
            except (LookupError, RuntimeError) as error:
                for result in results:
                    if result.cell.subject == name:
                        result.error = str(error)
                continue
            for process in up[name].processes:
                stack.callback(process.stop)
        meter = Meter(rig, scratch, wish.seconds, strict=not wish.quick)
        for round in range(wish.rounds + 1 if not wish.quick else 1):
            for result in results:
                if result.cell.subject not in up or (result.error and not result.runs):
                    continue
                if round == 0 and not wish.quick:  # warm up once a subject, not once a cell
                    if result.cell == next(r.cell for r in results if r.cell.subject == result.cell.subject):
                        meter.run(Result(result.cell), up[result.cell.subject])
                    continue
                meter.run(result, up[result.cell.subject])
            print(f"round {round} of {wish.rounds} done", file=sys.stderr)
        return results, {name: subject.version for name, subject in up.items()}


if __name__ == "__main__":
    sys.exit(main())
