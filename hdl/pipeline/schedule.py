"""Which operator works in which stage: the schedule with the shortest path between registers.

Every operator goes into the earliest stage in which its result is there in time; operands from
earlier stages come out of registers, at time zero. For a given limit on the time this takes the
fewest stages, and the smallest limit that the stages allow is found by bisection. (Scheduling "as
soon as possible" under chaining constraints: G. De Micheli, "Synthesis and Optimization of Digital
Circuits", 1994, 5.) Then operators move to later stages wherever that saves registers and the time
allows it.
"""

from collections.abc import Sequence
from math import inf

from amaranth.hdl import Value

from .datapath import Bit, Datapath, Node
from .delay import after

__all__ = ["Schedule", "distribute", "shortest"]

_PRECISION = 1.02  # of the bisection
# How much of the limit a move may use that saves no register by itself.
_NEUTRAL = 0.5


class Schedule:
    """The stage of every node of a datapath.

    Parameters
    ----------
    datapath
        What is to be cut.
    stages
        How many times.
    limit
        Longest time between registers.

    Attributes
    ----------
    possible : bool
        Whether the stages are enough.
    longest : float
        The time that is really needed.
    """

    def __init__(self, datapath: Datapath, stages: int, limit: float):
        self._datapath, self.stages = datapath, stages
        self._stage: list[int] = []
        self._read_last: list[dict[int, int]] | None = None
        self.longest = 0.0
        self.possible = self._place_early(limit)

    def stage(self, value: Value) -> int:
        """The first stage in which all bits of an expression are there."""
        return max((self._at(bit) for bit in self._datapath.bits(value)), default=0)

    def held(self, value: Value, stage: int) -> list[int]:
        """Those bits of an operator or input that somebody reads in this stage or later."""
        if not len(value):
            return []
        found = next(bit for bit in self._datapath.bits(value) if bit)[0]
        if self._read_last is None:
            readers, stages = self._datapath.readers, [*self._stage, self.stages]
            self._read_last = [
                {place: max(stages[r] for r in by) for place, by in node.items()}
                for node in readers
            ]
        return sorted(place for place, last in self._read_last[found].items() if last >= stage)

    def _at(self, bit: Bit) -> int:
        return 0 if bit is None else self._stage[bit[0]]

    def _place_early(self, limit: float) -> bool:
        late = {id(signal) for signal in self._datapath.late}
        times: list[list[float]] = []
        for node in self._datapath.nodes:
            if not node.operands:
                self._stage.append(self.stages if id(node.value) in late else 0)
                times.append([0.0] * len(node.value))
                continue
            stage = max((self._at(bit) for part in node.operands for bit in part), default=0)
            arrivals = [
                [0.0 if b is None or self._stage[b[0]] < stage else times[b[0]][b[1]] for b in part]
                for part in node.operands
            ]
            result = after(node.value, arrivals)
            if max(result, default=0.0) > limit:
                stage += 1
                result = after(node.value, [[0.0] * len(part) for part in node.operands])
                if max(result) > limit:
                    return False
            if stage > self.stages:
                return False
            self._stage.append(stage)
            times.append(result)
            self.longest = max(self.longest, *result, 0.0)
        return True

    def save_registers(self) -> None:
        """Move operators later where their operands need fewer registers than their results.

        From the last operator back, so that whole trees can follow one another.
        """
        nodes = self._datapath.nodes
        readers = self._datapath.readers
        end = len(nodes)
        stage = [*self._stage, self.stages]
        own = [max(_alone(node), default=0.0) if node.operands else 0.0 for node in nodes]
        tail = [0.0] * end  # from a node's result to the next register
        for number in reversed(range(end)):
            read_by = set().union(*readers[number].values()) if readers[number] else set()
            if not nodes[number].operands or not read_by:
                continue
            here, later = stage[number], min(stage[reader] for reader in read_by)
            if later > here:
                saved = self._saved(number, here, later, readers, stage)
                # A move that saves nothing by itself may let others follow; it keeps off the limit.
                limit = self.longest if saved > 0 else _NEUTRAL * self.longest
                way = own[number] + _tail(read_by, later, stage, own, tail)
                if saved >= 0 and way <= limit:
                    stage[number] = later
            tail[number] = _tail(read_by, stage[number], stage, own, tail)
        self._stage = stage[:-1]

    def _saved(
        self,
        number: int,
        here: int,
        later: int,
        readers: Sequence[dict[int, set[int]]],
        stage: list[int],
    ) -> int:
        """Registers for the result less those for operands that nobody else needs so late."""
        saved = len(readers[number]) * (later - here)
        sources = {b for part in self._datapath.nodes[number].operands for b in part if b}
        for source, place in sources:
            read_by = readers[source].get(place, ())
            if number not in read_by:
                continue
            others = (stage[r] for r in read_by if r != number)
            saved -= max(0, later - max(here, max(others, default=here)))
        return saved


def _alone(node: Node) -> list[float]:
    """The time that an operator takes by itself."""
    return after(node.value, [[0.0] * len(part) for part in node.operands])


def _tail(
    read_by: set[int], here: int, stage: list[int], own: Sequence[float], tail: Sequence[float]
) -> float:
    """The longest way on within the stage."""
    end = len(own)
    ways = (own[r] + tail[r] for r in read_by if r != end and stage[r] == here)
    return max(ways, default=0.0)


def shortest(datapath: Datapath, stages: int) -> Schedule:
    """The schedule with the smallest limit."""
    best = Schedule(datapath, stages, inf)
    low, high = best.longest / (stages + 1), best.longest
    while stages and high > low * _PRECISION and high > 0:
        limit = (low + high) / 2
        found = Schedule(datapath, stages, limit)
        if found.possible:
            best, high = found, found.longest
        else:
            low = limit
    return best


def distribute(datapaths: Sequence[Datapath], stages: int) -> list[Schedule]:
    """Schedules of datapaths one behind the other: each stage goes where the longest path is."""
    given = [0] * len(datapaths)
    schedules = [shortest(datapath, 0) for datapath in datapaths]
    for _ in range(stages):
        worst = max(range(len(given)), key=lambda n: (schedules[n].longest, n))
        given[worst] += 1
        schedules[worst] = shortest(datapaths[worst], given[worst])
    for schedule in schedules:
        schedule.save_registers()
    return schedules
