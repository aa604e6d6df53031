"""The groups of the demo: one that takes whoever comes, one of eight evenings, and one large evening."""

from dataclasses import dataclass
from datetime import date, time, timedelta

from services.contracts.booking.catalogue import SlotKind, Words
from services.contracts.booking.groups import Series

VOLUNTEER = "aulalahettilas@digiaula.example"


@dataclass(frozen=True, kw_only=True)
class DemoGroup:
    """`weekday`, `first_in_weeks` and `times`: when its evenings are, counted from the day of loading."""

    key: str
    name: Words
    description: Words
    organisation: str
    theme: str
    leaders: tuple[str, ...]
    open: bool
    capacity: int
    weekday: int
    starts: time
    ends: time
    first_in_weeks: int
    times: int
    kind: SlotKind = SlotKind.GROUP
    whole_series: bool = False
    stand_in_wanted: bool = False

    def series(self, today: date) -> Series:
        monday = today - timedelta(days=today.isoweekday() - 1)
        first = monday + timedelta(weeks=self.first_in_weeks, days=self.weekday - 1)
        until = first + timedelta(weeks=self.times - 1)
        return Series(starts=self.starts, ends=self.ends, first_on=first, until=until)


GROUPS = (
    DemoGroup(
        key="forward",
        name=Words(
            fi="Yhdessä eteenpäin -vertaisryhmä",
            sv="Kamratgruppen Tillsammans framåt",
            en="Forward together, a peer group",
        ),
        description=Words(
            fi="Avoin ryhmä, jossa jutellaan jaksamisesta. Tule silloin kun sinulle sopii.",
            sv="En öppen grupp där vi talar om hur vi orkar. Kom när det passar dig.",
            en="An open group for talking about getting by. Come when it suits you.",
        ),
        organisation="Järvi-Savon Mielen Tuki ry",
        theme="vertaistuki",
        leaders=("vertaisohjaaja@digiaula.example",),
        open=True,
        capacity=12,
        weekday=4,
        starts=time(18, 15),
        ends=time(19, 45),
        first_in_weeks=1,
        times=6,
        stand_in_wanted=True,
    ),
    DemoGroup(
        key="carers",
        name=Words(
            fi="Omaishoitajien kahdeksan iltaa",
            sv="Åtta kvällar för närståendevårdare",
            en="Eight evenings for those who care for a relative",
        ),
        description=Words(
            fi="Suljettu ryhmä: samat kuusi ihmistä kahdeksana tiistaina. Puhutaan arjesta ja levosta.",
            sv="En sluten grupp: samma sex personer åtta tisdagskvällar. Vi talar om vardagen och vila.",
            en="A closed group: the same six people on eight Tuesday evenings, about every day and rest.",
        ),
        organisation="Pohjolan Läheiset ry",
        theme="omaishoito",
        leaders=("omaishoidonohjaaja@digiaula.example", VOLUNTEER),
        open=False,
        capacity=6,
        weekday=2,
        starts=time(17, 30),
        ends=time(19),
        first_in_weeks=2,
        times=8,
        whole_series=True,
    ),
    DemoGroup(
        key="money",
        name=Words(
            fi="Rahat riittämään: talousilta kaikille",
            sv="Få pengarna att räcka: ekonomikväll för alla",
            en="Making ends meet: an evening for everybody",
        ),
        description=Words(
            fi="Talousneuvoja kertoo tunnin ja vastaa sitten kysymyksiin. Kuulijoita ei näy eikä kuulu.",
            sv="Rådgivaren berättar en timme och svarar sedan på frågor. Lyssnare varken syns eller hörs.",
            en="An hour by an adviser, then answers to questions. Listeners are neither seen nor heard.",
        ),
        organisation="Savon Arkiapu ry",
        theme="talousneuvonta",
        leaders=("talousneuvoja@digiaula.example",),
        open=True,
        capacity=600,
        weekday=1,
        starts=time(18),
        ends=time(19, 30),
        first_in_weeks=3,
        times=1,
        kind=SlotKind.EVENT,
    ),
)
