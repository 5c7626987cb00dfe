"""A day in a simulated bank: who uses the account, and the draws behind what they do.

For `_sim_honest` and `_sim_situations`. Main types: `Life`, `Lives`. A draw is a function of
seed, purpose, day and client, never of the order of calls.
"""

from dataclasses import dataclass

import numpy as np

from qonys.core.draws import uniform
from qonys.oversight._sim_ledger import DAY, HOUR, Intentions
from qonys.oversight._sim_people import TRADER, Parties, People, normal
from qonys.oversight._sim_spec import Spec

_MONTH = 28  #: Monthly days are the 1st to this, so that each month has them.
_QUARTERS = np.linspace(0, 1, 5)


@dataclass(frozen=True)
class Life:
    """When accounts are used honestly, as mules' plans leave it.

    Parameters
    ----------
    until : ndarray of int64
        First day without honest use.
    quiet_from, quiet_until : ndarray of int64
        Days of silence between.
    """

    until: np.ndarray
    quiet_from: np.ndarray
    quiet_until: np.ndarray


class Lives:
    """A day of all clients: who lives it, and the draws that decide what they do.

    Parameters
    ----------
    spec : Spec
        Parameters.
    people : People
        Clients.
    parties : Parties
        Others.
    life : Life
        When accounts are used honestly.
    look_alikes : dict of str to ndarray of bool
        Who lives in which situation.
    rows : Intentions
        Takes the rows.
    """

    def __init__(
        self,
        spec: Spec,
        people: People,
        parties: Parties,
        life: Life,
        look_alikes: dict[str, np.ndarray],
        rows: Intentions,
    ) -> None:
        self.spec, self.people, self.parties = spec, people, parties
        self.life, self.look_alikes, self.rows = life, look_alikes, rows
        self.ids = np.arange(len(people))
        self.seat = np.argsort(people.kin)
        traders = (people.profile == TRADER) & (life.until > spec.days)
        self.traders = np.flatnonzero(traders & (people.opened < 0))
        landlords = (people.band >= 2) & (people.opened < 0) & (life.until > spec.days)
        self.landlords = np.flatnonzero(landlords)
        self.monthly = {
            name: 1 + np.floor(_MONTH * self.always(name)).astype(np.int64)
            for name in (
                "rent",
                "savings",
                "benefit",
                "group_rent",
                *(f"bill {i}" for i in range(10)),
            )
        }
        self.day, self.start, self.live = -1, 0, np.zeros(len(people), dtype=bool)
        self.month_day, self.weekend, self.paid_days = 1, False, np.zeros(0, dtype=np.int64)

    def begin(self, day: int) -> None:
        """Begin a day.

        Parameters
        ----------
        day : int
            From the start of the period.
        """
        people, life = self.people, self.life
        date = self.spec.start + day
        self.day, self.start = day, day * DAY
        self.month_day = (
            int((date - date.astype("datetime64[M]").astype("datetime64[D]")).astype(int)) + 1
        )
        weekday = (int(date.astype(int)) + 3) % 7
        self.weekend = weekday >= 5
        # Paid on Friday what falls on the weekend; nothing on the weekend itself.
        self.paid_days = self.month_day + np.arange((1, 1, 1, 1, 3, 0, 0)[weekday])
        quiet = (day >= life.quiet_from) & (day < life.quiet_until)
        self.live = (people.opened < day) & (day < life.until) & ~quiet

    def always(self, purpose: str) -> np.ndarray:
        """Draws of all clients that hold for the whole period.

        Parameters
        ----------
        purpose : str
            What is drawn.
        """
        return uniform(self.spec.seed, f"always {purpose}", "", self.ids)

    def draw(self, purpose: str, who: np.ndarray) -> np.ndarray:
        """Draws of this day.

        Parameters
        ----------
        purpose : str
            What is drawn.
        who : ndarray of int
            Clients.
        """
        return uniform(self.spec.seed, purpose, str(self.day), who)

    def hits(self, purpose: str, rate: float | np.ndarray, among: np.ndarray) -> np.ndarray:
        """Clients who do something today.

        Parameters
        ----------
        purpose : str
            What they do.
        rate : float or ndarray
            Chance a day.
        among : ndarray of bool
            Who may.
        """
        return np.flatnonzero(among & (self.draw(purpose, self.ids) < rate))

    def clock(self, purpose: str, who: np.ndarray, clock: str = "day") -> np.ndarray:
        """Moments of this day.

        Parameters
        ----------
        purpose : str
            What is done then.
        who : ndarray of int
            Clients.
        clock : str
            Name of the clock in the parameters.
        """
        hours = np.interp(
            self.draw(f"{purpose} when", who), _QUARTERS, self.spec.numbers(f"clocks.{clock}")
        )
        return np.asarray(self.start + (hours * HOUR).astype(np.int64))

    def part(
        self, purpose: str, who: np.ndarray, amount: float, spread: float = 0.5
    ) -> np.ndarray:
        """Amounts in proportion to income, log-normal.

        Parameters
        ----------
        purpose : str
            What it is for.
        who : ndarray of int
            Clients.
        amount : float
            Median part.
        spread : float
            Standard deviation of the logarithm.
        """
        factor = np.exp(spread * normal(self.draw(f"{purpose} amount", who)))
        return np.asarray(self.people.income[who] * amount * factor)

    def between(self, purpose: str, who: np.ndarray, key: str) -> np.ndarray:
        """Values spread evenly between the two of a parameter.

        Parameters
        ----------
        purpose : str
            What is drawn.
        who : ndarray of int
            Clients or other numbers.
        key : str
            The parameter.
        """
        low, high = self.spec.pair(key)
        return np.asarray(low + (high - low) * self.draw(f"{purpose} between", who))

    def friends(self, purpose: str, who: np.ndarray) -> np.ndarray:
        """An acquaintance of each at this bank; mostly the same few.

        Parameters
        ----------
        purpose : str
            What for.
        who : ndarray of int
            Clients.
        """
        people, count = self.people, self.spec.whole("base.p2p.friends")
        step = 1 + np.floor(self.draw(f"{purpose} friend", who) * count).astype(np.int64)
        step = np.where(step % 2 == 0, step // 2, -(step + 1) // 2)
        return np.asarray(people.circle[(people.place[who] + step) % len(people)])

    def others(self, purpose: str, who: np.ndarray, few: int = 0) -> np.ndarray:
        """Accounts at other banks: any, or one of a client's few.

        Parameters
        ----------
        purpose : str
            What for.
        who : ndarray of int
            Clients.
        few : int
            How many a client knows; 0 for any.
        """
        draws = self.draw(f"{purpose} other", who)
        if few:
            key = who * 64 + (draws * few).astype(np.int64)
            draws = uniform(self.spec.seed, "known at other banks", "", key)
        return self.parties.pick("OTHER", draws)

    def open_or_other(self, receiver: np.ndarray, instead: np.ndarray) -> np.ndarray:
        """Receivers, with others in place of clients whose account is not used yet.

        Parameters
        ----------
        receiver : ndarray of int
            Clients.
        instead : ndarray of int
            Others.
        """
        return np.where(self.people.opened[receiver] < self.day, receiver, instead)
