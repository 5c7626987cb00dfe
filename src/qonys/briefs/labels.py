"""Words that the renderers add to a document, in English, Russian and Kazakh.

For the renderers and composers of `briefs`. Main function: `words`. A document's own `labels`
go before these; names of codes are found there under ``kind:code``, e.g. ``area:KAZ``.
"""

from collections.abc import Mapping

from qonys.core.document import Document

LANGUAGE_NAMES = {"en": "English", "ru": "Русский", "kk": "Қазақша"}

# key: (English, Russian, Kazakh)
_TABLE: dict[str, tuple[str, str, str]] = {
    "skip": ("Skip to the text", "Перейти к тексту", "Мәтінге өту"),
    "contents": ("Contents", "Содержание", "Мазмұны"),
    "languages": ("Languages", "Языки", "Тілдер"),
    "downloads": ("Downloads", "Файлы", "Файлдар"),
    "as_of": ("As known on {}", "По данным на {}", "{} күнгі деректер бойынша"),
    "how_to_read": (
        "Every underlined number leads to its source and arithmetic.",
        "Каждое подчёркнутое число ведёт к своему источнику и расчёту.",
        "Асты сызылған әр сан өз дереккөзі мен есептелу жолына апарады.",
    ),
    "figures_title": (
        "Where each number comes from",
        "Откуда взято каждое число",
        "Әр сан қайдан алынды",
    ),
    "figures_intro": (
        "For each number: what it counts, how it was computed, who published it and in which "
        "release. The interval shows what the rounding of the printed figures leaves possible; "
        "it says nothing of other errors.",
        "Для каждого числа: что оно значит, как получено, кто и в каком выпуске его "
        "опубликовал. Интервал показывает, что допускает округление опубликованных чисел; о "
        "прочих ошибках он ничего не говорит.",
        "Әр сан үшін: нені санайды, қалай есептелген, кім және қай шығарылымда жариялаған. "
        "Аралық жарияланған сандарды дөңгелектеу қандай мәндерге жол беретінін көрсетеді; өзге "
        "қателіктер туралы ештеңе айтпайды.",
    ),
    "chart_data": ("Data of this chart", "Данные графика", "График деректері"),
    "table": ("Table", "Таблица", "Кесте"),
    "category": ("Category", "Категория", "Санат"),
    "period": ("Period", "Период", "Кезең"),
    "value": ("Value", "Значение", "Мәні"),
    "interval": ("Interval", "Интервал", "Аралық"),
    "state": ("State", "Состояние", "Күйі"),
    "status": ("Status", "Статус", "Мәртебесі"),
    "source": ("Source", "Источник", "Дереккөз"),
    "note": ("Note", "Примечание", "Ескерту"),
    "formula": ("Arithmetic", "Расчёт", "Есептеу"),
    "inputs": ("Made from", "Из чего получено", "Неден алынды"),
    "release": ("release", "выпуск", "шығарылым"),
    "inferred": (
        "public by {} (inferred)",
        "опубликовано не позднее {} (по косвенным данным)",
        "ең кеші {} жарияланған (жанама деректер бойынша)",
    ),
    "undated": ("undated", "без даты", "күні көрсетілмеген"),
    "produced_by": ("data of {}", "данные: {}", "деректер: {}"),
    "as_published": ("as published", "как опубликовано", "жарияланған күйінде"),
    "compared_with": ("compared with {}", "для сравнения: {}", "салыстыру үшін: {}"),
    "other_figures": ("Further figures", "Прочие числа", "Басқа сандар"),
    "figure_count": ("numbers: {}", "чисел: {}", "сан: {}"),
    "break": ("break in series", "разрыв ряда", "қатардың үзілуі"),
    "below_zero": ("below zero", "ниже нуля", "нөлден төмен"),
    "above_zero": ("above zero", "выше нуля", "нөлден жоғары"),
    "or_less": ("{} or less", "{} и меньше", "{} және одан аз"),
    "or_more": ("{} or more", "{} и больше", "{} және одан көп"),
    "page": ("page {} of {}", "стр. {} из {}", "{}-бет, барлығы {}"),
    "status:A": ("final", "окончательно", "түпкілікті дерек"),
    "status:P": ("provisional", "предварительно", "алдын ала дерек"),
    "status:B": ("break in level", "разрыв уровня ряда", "қатар деңгейінің үзілуі"),
    "status:E": ("estimated", "оценка", "бағалау"),
    "status:U": ("unreliable", "ненадёжно", "сенімсіз"),
    "status:F": ("forecast", "прогноз", "болжам"),
    "certainty:known": (
        "public by the day of this brief",
        "опубликовано ко дню справки",
        "анықтама күніне дейін жарияланған",
    ),
    "certainty:perhaps": (
        "perhaps not yet public on the day of this brief",
        "ко дню справки, возможно, ещё не опубликовано",
        "анықтама күніне әлі жарияланбаған болуы мүмкін",
    ),
    "certainty:undated": (
        "day of publication unknown",
        "день публикации неизвестен",
        "жарияланған күні белгісіз",
    ),
    "qualifier:about": ("about {}", "около {}", "шамамен {}"),
    "qualifier:over": ("over {}", "более {}", "кемінде {}"),
    "qualifier:under": ("under {}", "до {}", "ең көбі {}"),
    "unit:person": ("{} persons", "{} чел.", "{} адам"),
    "unit:ratio": ("{} times", "раз: {}", "{} есе"),
    "unit:per_1000": ("{} per 1,000 population", "{} на 1000 чел.", "1000 адамға шаққанда {}"),
    "unit:KZT": ("{} tenge", "{} тенге", "{} теңге"),
    "unit:USD": ("{} US dollars", "{} долл. США", "{} АҚШ доллары"),
    "unit:USD_per_month": (
        "{} US dollars a month",
        "{} долл. США в месяц",
        "айына {} АҚШ доллары",
    ),
    "unit:card": ("{} cards", "карт: {}", "{} карта"),
    "unit:case": ("{} cases", "случаев: {}", "{} жағдай"),
    "unit:event": ("{} events", "событий: {}", "{} оқиға"),
    "unit:account": ("{} accounts", "счетов: {}", "{} шот"),
    "unit:year": ("{} years", "лет: {}", "{} жыл"),
    "unit:respondent": ("{} respondents", "опрошенных: {}", "{} сұралған адам"),
    "unit:permit": ("{} permits", "разрешений: {}", "{} рұқсат"),
    "unit:mission": ("{} missions abroad", "загранучреждений: {}", "{} шетелдегі мекеме"),
    "unit:visa": ("{} visas", "виз: {}", "{} виза"),
    "unit:country": ("{} countries", "стран: {}", "{} ел"),
    "unit:row": ("{} rows", "строк: {}", "{} жол"),
    "unit:unit": ("{} units", "единиц: {}", "{} бірлік"),
    "unit:rank": ("place {}", "место {}", "{}-орын"),
    "unit:investor": ("{} investors", "инвесторов: {}", "{} инвестор"),
    "quarter_short": ("Q{0} {1}", "{0} кв. {1}", "{1} ж. {0} тоқ."),
}
LABELS: Mapping[str, Mapping[str, str]] = {
    lang: {key: row[index] for key, row in _TABLE.items()}
    for index, lang in enumerate(("en", "ru", "kk"))
}


class Words:
    """Words of one document.

    Parameters
    ----------
    lang : str
        ``en``, ``ru`` or ``kk``.
    own : Mapping of str to str
        The document's labels; they go before the built-in ones.
    """

    def __init__(self, lang: str, own: Mapping[str, str]) -> None:
        self.lang = lang
        self._table = {**LABELS["en"], **LABELS.get(lang, {}), **own}

    def __getitem__(self, key: str) -> str:
        return self._table[key]

    def fill(self, key: str, *parts: object) -> str:
        """A label with its ``{}`` slots filled.

        Parameters
        ----------
        key : str
            The label.
        *parts : object
            What goes into the slots.
        """
        text = self._table[key]
        for index, part in enumerate(parts):
            slot = "{}" if "{}" in text else f"{{{index}}}"
            text = text.replace(slot, str(part), 1)
        return text

    def knows(self, kind: str, code: str) -> bool:
        """Whether the labels name a code.

        Parameters
        ----------
        kind : str
            ``measure``, ``area`` or a breakdown.
        code : str
            The code.
        """
        return f"{kind}:{code}" in self._table

    def name(self, kind: str, code: str) -> str:
        """Name of a code as far as the labels give it, else the code.

        Parameters
        ----------
        kind : str
            ``measure``, ``area`` or a breakdown.
        code : str
            The code.
        """
        return self._table.get(f"{kind}:{code}", code)

    def with_unit(self, text: str, unit: str) -> str:
        """A printed number with the word of its unit.

        Parameters
        ----------
        text : str
            The number.
        unit : str
            Code of the unit; percent already carries its sign.
        """
        pattern = self._table.get(f"unit:{unit}", "")
        if "{}" in pattern:
            return pattern.replace("{}", text)
        return f"{text} {pattern}" if pattern and not unit.startswith("percent") else text


def words(document: Document) -> Words:
    """Words for a document: its own labels, then the built-in ones.

    Parameters
    ----------
    document : Document
        The document.
    """
    return Words(document.lang, document.labels)
