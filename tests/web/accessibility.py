"""What axe-core finds on a page."""

from axe_playwright_python.sync_playwright import Axe

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def violations(visit, title=""):
    """Violations of the rules of WCAG 2.x, A and AA: where, which, the first element, and what is wrong with it."""
    found = Axe().run(visit.tab, options=RULES).response["violations"]
    return [
        (title, rule["id"], rule["nodes"][0]["html"][:160], rule["nodes"][0]["failureSummary"][:200]) for rule in found
    ]
