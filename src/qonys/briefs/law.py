"""The section on the pathways that were in force on the day of the briefing.

For `migration`. Main function: `pathways`. The law is read and told by the `rules` room; a
country without law files has no such section.
"""

from qonys.briefs.composing import Composer
from qonys.core.document import Block, Heading, Paragraph
from qonys.rules.pages import overview, overview_sentence
from qonys.rules.reading import load_law
from qonys.rules.wording import say


def pathways(composer: Composer) -> list[Block]:
    """State of every pathway on the day, and the time line of the law."""
    if not (composer.country.folder / "law").is_dir():
        return []
    law, day, lang = load_law(composer.country), composer.view.as_of, composer.lang
    return [
        Heading(say("h_brief", lang), 2, "law"),
        Paragraph((overview_sentence(day, lang),)),
        *overview(law, day, lang),
        Paragraph((say("unofficial", lang),), "note"),
    ]
