"""A small document in three languages, made by hand, with every kind of block."""

from collections.abc import Callable, Mapping

import pytest

from qonys.briefs.numbers import format_interval, format_number, format_percent, format_value
from qonys.core.country import Source
from qonys.core.document import (
    Bullets,
    Chart,
    Document,
    Heading,
    KeyFigure,
    KeyFigures,
    Link,
    Paragraph,
    Point,
    Ref,
    Series,
    Table,
    fill,
)
from qonys.core.intervals import Interval
from qonys.core.observations import Observation, parse_cell
from qonys.core.provenance import Figure, derived, observed


def yearly(text: str) -> dict[int, int]:
    return dict(enumerate(map(int, text.split()), 1991))


# Rounded from published yearly counts; good enough to look at, not to cite.
EMIGRANTS = yearly(
    """
    228500 317800 333100 477068 309600 229400 299500 243700 164600 155700 141700 120200
    73900 65500 52100 33700 42400 46400 33985 26541 32920 29722 24384 28226
    30047 34900 37704 41868 45231 29088 32256 24345 18216 12732 7608
    """
)
IMMIGRANTS = yearly(
    """
    179900 161500 111100 70400 71100 53900 38100 40600 41300 47400 53600 58200
    65600 68300 74800 66700 53400 46400 41511 42057 38004 28296 24105 16784
    16581 13755 15595 12785 12255 11370 11035 17425 25387 29282 16100
    """
)
REGIONS = {
    "KZ-71": ("Astana", "Астана", 1, 3, 73010),
    "KZ-75": ("Almaty", "Алматы", 4, 5, 50160),
    "KZ-79": ("Shymkent", "Шымкент", 4, 3, 11890),
    "KZ-19": ("Almaty reg.", "Алм. обл.", 3, 5, 15800),
    "KZ-10": ("Abai", "Абай", 2, 6, -8160),
    "KZ-11": ("Aqmola", "Ақмола", 1, 4, -1420),
    "KZ-15": ("Aqtobe", "Ақтөбе", 1, 1, -3190),
    "KZ-23": ("Atyrau", "Атырау", 2, 0, -4010),
    "KZ-27": ("West", "БҚО", 1, 0, -3620),
    "KZ-31": ("Zhambyl", "Жамбыл", 3, 4, -16920),
    "KZ-33": ("Jetisu", "Жетісу", 3, 6, -9210),
    "KZ-35": ("Qaraganda", "Қарағанды", 2, 4, -5240),
    "KZ-39": ("Qostanay", "Қостанай", 1, 2, -4470),
    "KZ-43": ("Qyzylorda", "Қызылорда", 3, 2, -12060),
    "KZ-47": ("Mangystau", "Маңғыстау", 3, 0, 640),
    "KZ-55": ("Pavlodar", "Павлодар", 1, 5, -3330),
    "KZ-59": ("North", "СҚО", 0, 4, -5820),
    "KZ-61": ("Turkistan", "Түркістан", 3, 3, -47500),
    "KZ-62": ("Ulytau", "Ұлытау", 2, 3, -2670),
    "KZ-63": ("East", "ШҚО", 1, 6, -6330),
}
SHARES = {
    "STAY": (
        ("Do not want to leave", "Не хочу уезжать", "Кеткім келмейді"),
        76.8,
        73.4,
        80.2,
    ),
    "THINK": (
        ("Think about it", "Думаю об этом", "Бұл туралы ойлаймын"),
        9.5,
        7.2,
        11.8,
    ),
    "PLAN": (("Plan to leave", "Планирую уехать", "Кетуді жоспарлаймын"), 3.3, 1.9, 4.7),
    "HARD": (
        ("Hard to say or refuse to answer", "Затрудняюсь ответить", "Жауап беру қиын"),
        10.4,
        8.0,
        12.8,
    ),
}
NAMES = {
    "emigrants": ("Emigrants", "Выбывшие из страны", "Елден кеткендер"),
    "immigrants": ("Immigrants", "Прибывшие в страну", "Елге келгендер"),
    "net_migration": ("Net migration", "Сальдо миграции", "Көші-қон айырымы"),
}
SOURCES = {
    "bns": Source(
        "bns",
        "Bureau of National Statistics",
        "stat.gov.kz",
        'Migration <of> the "population" & more',
        "office",
        1,
        url="https://stat.gov.kz/en/industries/social-statistics/demography/?a=1&b=2",
        licence="CC BY 4.0",
    ),
    "survey": Source(
        "survey", "DEMOSCOPE", "demos.kz", "Survey of moods", "survey", 5, url="javascript:x"
    ),
}


def observation(
    cell: str, value: float, unit: str = "person", **changes: object
) -> Observation:
    parts: dict[str, object] = {
        "cell": parse_cell(cell),
        "value": value,
        "low": value,
        "high": value,
        "unit": unit,
        "obs_status": "A",
        "qualifier": "",
        "precision": 1.0,
        "source": "bns",
        "vintage": "2026-02-10",
        "released_from": None,
        "released_to": None,
        "note": "",
        "file": "observations/bns.csv",
        "row": 7,
    }
    return Observation(**{**parts, **changes})  # type: ignore[arg-type]


class Sample:
    """The document of one language with all that stands behind it."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.index = ("en", "ru", "kk").index(lang)
        self.rows: dict[str, Observation] = {}
        self.figures: dict[str, Figure] = {}
        self.document = self.compose()

    def say(self, *texts: str) -> str:
        return texts[self.index]

    def figure(
        self, cell: str, value: float, unit: str = "person", **changes: object
    ) -> Figure:
        row = observation(cell, value, unit, **changes)
        self.rows[row.id] = row
        figure = observed(row)
        self.figures[figure.id] = figure
        return figure

    def point(self, x: str, figure: Figure, **more: object) -> Point:
        text = format_value(figure.value, figure.unit, self.lang)
        parts = {"status": figure.status, "figure": figure.id, "text": text, **more}
        return Point(x, figure.value, **parts)  # type: ignore[arg-type]

    def series(self, measure: str, values: Mapping[int, float], peak: str) -> Series:
        points = []
        top = max(values.values())
        for year, value in values.items():
            status = "P" if year == 2025 else "B" if year == 2009 else "A"
            rounded = value % 100 == 0
            ends = {"low": value - 50, "high": value + 50} if rounded else {}
            figure = self.figure(
                f"{measure}:KAZ:WORLD:{year}",
                value,
                obs_status=status,
                **ends,
                certainty="undated" if year < 2000 else "known",
            )
            points.append(
                self.point(str(year), figure, note=peak if value == top else "", **ends)
            )
        return Series(measure, NAMES[measure][self.index], tuple(points))

    def change(self, now: Figure, before: Figure) -> Figure:
        value = 100 * (now.value / before.value - 1)
        figure = derived(
            f"change.{now.id}",
            now,
            (now, before),
            value=value,
            unit="percent",
            interval=Interval(value - 0.2, value + 0.2),
            formula=f"100 × ({now.value:g} / {before.value:g} − 1)",
            compared_with=before.time_period,
        )
        self.figures[figure.id] = figure
        return figure

    def compose(self) -> Document:
        out = self.series("emigrants", EMIGRANTS, self.say("peak", "максимум", "ең жоғары"))
        back = self.series("immigrants", IMMIGRANTS, "")
        blocks = [*self.opening(out, back), *self.regions(), *self.survey()]
        return Document(
            title=self.say(
                "Migration of Kazakhstan in 2025",
                "Миграция Казахстана в 2025 году",
                "Қазақстанның 2025 жылғы көші-қоны",
            ),
            lang=self.lang,
            as_of="2026-02-15",
            subtitle=self.say(
                "Who left, who came, and what is known about it",
                "Кто уехал, кто приехал и что об этом известно",
                "Кім кетті, кім келді және бұл туралы не белгілі",
            ),
            blocks=tuple(blocks),
            figures=self.figures,
            labels=self.labels(),
        )

    def labels(self) -> dict[str, str]:
        names = {f"measure:{code}": texts[self.index] for code, texts in NAMES.items()}
        places = {
            f"area:{code}": row[0 if self.lang == "en" else 1] for code, row in REGIONS.items()
        }
        return {
            **names,
            **places,
            "area:KAZ": self.say("Kazakhstan", "Казахстан", "Қазақстан"),
            "area:WORLD": self.say("all countries", "все страны", "барлық елдер"),
            "category": self.say("Region or answer", "Регион или ответ", "Өңір не жауап"),
        }

    def opening(self, out: Series, back: Series) -> list[object]:
        now = self.figures[out.points[-1].figure]
        came = self.figures[back.points[-1].figure]
        change = self.change(now, self.figures[out.points[-2].figure])
        fewer = Ref(change.id, format_percent(abs(change.value), self.lang))
        number = Ref(now.id, format_number(now.value, "person", self.lang))
        lead = self.say(
            "In 2025, {n} people left Kazakhstan for good, {p} fewer than a year before.",
            "В 2025 году Казахстан покинули {n} человек, на {p} меньше, чем годом ранее.",
            "2025 жылы Қазақстаннан {n} адам кетті, бұл бір жыл бұрынғыдан {p} аз.",
        )
        source = ("Source: ", Link("https://stat.gov.kz", "stat.gov.kz"), ".")
        return [
            Paragraph(fill(lead, n=number, p=fewer), "lead"),
            KeyFigures(
                (
                    KeyFigure(
                        out.name,
                        number,
                        ("−", fewer),
                        self.say("provisional", "предв.", "алдын ала"),
                    ),
                    KeyFigure(
                        back.name, Ref(came.id, format_number(came.value, "", self.lang)), ()
                    ),
                    KeyFigure(
                        self.say("Change", "Изменение", "Өзгеріс"), fewer, ("2024 → 2025",)
                    ),
                )
            ),
            Heading(
                self.say("Thirty-five years", "Тридцать пять лет", "Отыз бес жыл"), 2, "years"
            ),
            Paragraph(
                (
                    self.say(
                        "Emigration peaked in 1994. Before 2009 the rules were others.",
                        "Больше всего уехало в 1994 году. До 2009 года правила были иные.",
                        "Ең көп адам 1994 жылы кетті. 2009 жылға дейін ереже өзгеше болды.",
                    ),
                )
            ),
            Chart(
                "lines",
                "flows",
                self.say(
                    "Far fewer leave than in the 1990s",
                    "Уезжает намного меньше, чем в 1990-е",
                    "1990-жылдардағыдан әлдеқайда аз адам кетеді",
                ),
                self.say(
                    "Emigrants and immigrants, Kazakhstan, 1991–2025, persons",
                    "Выбывшие и прибывшие, Казахстан, 1991–2025, человек",
                    "Кеткендер мен келгендер, Қазақстан, 1991–2025, адам",
                ),
                "Two lines; emigrants fall from 477,068 in 1994 to 7,608 in 2025.",
                (out, back),
                "",
                source,
            ),
            Paragraph(
                (
                    self.say(
                        "Figures for 2025 will be revised.",
                        "Данные 2025 года уточнят.",
                        "2025 жылғы деректер нақтыланады.",
                    ),
                ),
                "caution",
            ),
        ]

    def regions(self) -> list[object]:
        points, bars = [], []
        for code, (latin, cyrillic, row, column, value) in REGIONS.items():
            figure = self.figure(f"net_migration:{code}:WORLD:2024", value)
            name = latin if self.lang == "en" else cyrillic
            points.append(self.point(name, figure, row=row, column=column))
            bars.append(self.point(name, figure))
        bars.sort(key=lambda point: -point.y)
        name = NAMES["net_migration"][self.index]
        title = self.say("Two cities gain", "Растут два города", "Екі қала өсуде")
        table = Table(
            f"{name}, 2024",
            (self.say("Region", "Регион", "Өңір"), name, self.say("Share", "Доля", "Үлес")),
            tuple(
                ((point.x,), (Ref(point.figure, point.text),), (f"{index}",))
                for index, point in enumerate(bars[:6])
            ),
            (self.say("All flows.", "Все потоки.", "Барлық ағындар."),),
            "regions-table",
        )
        pairs = self.pairs()
        return [
            Heading(self.say("Regions", "Регионы", "Өңірлер"), 2, "regions"),
            Chart(
                "tiles",
                "tiles",
                title,
                f"{name}, 2024",
                "Tiles.",
                (Series("net_migration", name, tuple(points)),),
            ),
            Heading(self.say("One by one", "По одному", "Жеке-жеке"), 3, "one-by-one"),
            Chart(
                "bars",
                "bars",
                title,
                f"{name}, 2024",
                "Bars.",
                (Series("net_migration", name, tuple(bars)),),
            ),
            Chart(
                "bars", "pairs", self.say("Where to", "Куда", "Қайда"), "2024", "Pairs.", pairs
            ),
            table,
            Bullets((("A ", Link("#flows", "link"), "."), ("B",))),
        ]

    def pairs(self) -> tuple[Series, ...]:
        places = {
            "RUS": ("Russia", 9570, 12710),
            "DEU": ("Germany", 1290, 450),
            "UZB": ("Uzbekistan", 160, 5170),
        }
        series = []
        for index, measure in enumerate(("emigrants", "immigrants")):
            points = []
            for code, row in places.items():
                value = float(row[1 + index])
                figure = self.figure(
                    f"{measure}:KAZ:{code}:2024",
                    value,
                    obs_status="P" if code == "UZB" else "A",
                )
                points.append(self.point(row[0], figure))
            series.append(Series(measure, NAMES[measure][self.index], tuple(points)))
        return tuple(series)

    def survey(self) -> list[object]:
        points = []
        for code, (names, value, low, high) in SHARES.items():
            figure = self.figure(
                f"survey_share:KAZ:WORLD:2024-11-13/2024-11-24:category={code}",
                value,
                "percent",
                low=low,
                high=high,
                source="survey",
                vintage="undated",
                note="weights <unknown>",
                qualifier="about",
            )
            points.append(self.point(names[self.index], figure, low=low, high=high))
        title = self.say(
            "Three in four want to stay",
            "Трое из четырёх хотят остаться",
            "Төртеудің үшеуі қалғысы келеді",
        )
        interval = format_interval(73.4, 80.2, "percent", self.lang)
        return [
            Heading(
                self.say("What people say", "Что говорят люди", "Адамдар не дейді"), 2, "survey"
            ),
            Paragraph((Ref(points[0].figure, points[0].text), f" ({interval})"), "note"),
            Chart(
                "intervals",
                "shares",
                title,
                self.say("Shares of adults, percent", "Доли взрослых, %", "Ересектер үлесі, %"),
                "Dots.",
                (Series("survey_share", "Share", tuple(points)),),
            ),
        ]


@pytest.fixture(scope="session")
def sample() -> Callable[[str], Sample]:
    made = {lang: Sample(lang) for lang in ("en", "ru", "kk")}
    return made.__getitem__


@pytest.fixture(scope="session")
def sources() -> Mapping[str, Source]:
    return SOURCES


def stretch(x: str, low: float, high: float | None, text: str, note: str = "") -> Point:
    return Point(x, low, low=low, high=high, text=text, note=note)


@pytest.fixture(scope="session")
def law_page() -> Callable[..., Document]:
    """A document without any figure: words, and a time line of the law."""

    def make(lang: str = "en", **labels: str) -> Document:
        in_force = (
            stretch("Investor", 2022.0, None, "from 1 January 2022"),
            stretch("Neo Nomad", 2024.88, 2026.0, "17 November 2024 – 31 December 2025"),
            stretch("Investor", 2019.0, 2020.5, "1 January 2019 – 30 June 2020"),
        )
        stopped = (
            stretch("Investor", 2020.5, 2022.0, "1 July 2020 – 31 December 2021", "ban"),
        )
        today = (stretch("", 2026.1, 2026.1, "never printed", "this page"),)
        chart = Chart(
            "spans",
            "law-timeline",
            "The law in time",
            "Pathways, 2019–2027",
            "Bars of the law.",
            (
                Series("in_force", "in force", in_force),
                Series("stopped", "stopped", stopped),
                Series("today", "today", today),
            ),
            "Pathway",
        )
        blocks = (
            Paragraph(("What the law says.",), "lead"),
            Heading("Time line", 2, "line"),
            chart,
            Heading("Rules", 2, "rules"),
            Paragraph(("The text of a rule.",)),
        )
        return Document("The law", lang, "2026-02-15", "Pathways", blocks, {}, labels)

    return make
