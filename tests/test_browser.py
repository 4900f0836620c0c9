"""The page in a real browser: Debian's Chromium, headless, without a network."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from latentalign.errors import InputError
from latentalign.formats import html
from latentalign.testing import examples
from latentalign.text.pairs import Failure

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PAYLOAD = "</script><script>window.__pwned=1</script><img/src=x/onerror=window.__pwned=1>"

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install playwright")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path: apt install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with playwright.sync_playwright() as engine:
        started = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def show(browser, tmp_path: Path) -> Iterator:
    """Return a function that opens a document and fails the test on a console message or a request of its own."""
    noise: list[str] = []
    contexts = []

    def opened(text: str, **options: object):
        file = tmp_path / f"{len(contexts)}.html"
        file.write_text(text, encoding="utf-8")
        contexts.append(browser.new_context(viewport={"width": 1200, "height": 900}, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: noise.append(message.text))
        page.on("pageerror", lambda error: noise.append(str(error)))
        page.on("request", lambda request: request.url == file.as_uri() or noise.append(request.url))
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not noise


def lit(page) -> set[str]:
    """Return the links that are highlighted, as "source-target"."""
    return set(page.eval_on_selector_all(".ribbons path.lit", "all => all.map((path) => path.dataset.link)"))


def ribbons(page) -> int:
    return page.locator(".ribbons path").count()


def inked(page) -> int:
    """Return how many pixels of the matrix are drawn."""
    return page.evaluate(
        """() => {
          const canvas = document.getElementById("matrix");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return data.filter((value, at) => at % 4 === 3 && value > 0).length;
        }"""
    )


def test_pointing_at_a_word_highlights_exactly_its_links(show) -> None:
    evidence = examples.passport()
    page = show(html.write(evidence))
    assert ribbons(page) == len(evidence.links) and lit(page) == set()
    for side, unit in (("source", 0), ("source", 2), ("target", 0), ("target", 6)):
        page.hover(f".word[data-side={side}][data-unit='{unit}']")
        links = evidence.indexed_links()
        wanted = [link for link in links if link[0 if side == "source" else 1] == unit]
        assert lit(page) == {f"{i}-{j}" for i, j, _ in wanted}
        near = page.eval_on_selector_all(".word.near", "all => all.map((word) => Number(word.dataset.unit))")
        assert sorted(near) == sorted(j if side == "source" else i for i, j, _ in wanted)
        detail = page.inner_text("#detail")
        null = (evidence.null_source if side == "source" else evidence.null_target)[unit]
        assert f"{null:.2f}" in detail
        assert all(f"{weight:.2f}" in detail for _, _, weight in wanted)
    page.mouse.move(5, 5)
    assert lit(page) == set()


def test_the_keyboard_reaches_every_word(show) -> None:
    page = show(html.write(examples.arabic()))
    page.focus(".word[data-side=target]")
    page.keyboard.press("ArrowLeft")
    assert lit(page) == {"0-1", "1-1"}
    page.keyboard.press("End")
    assert lit(page) == {"6-5"}
    assert page.locator(".word[tabindex='0']").count() == 2
    page.keyboard.press("Enter")
    page.focus("#threshold")
    assert lit(page) == {"6-5"}, "Enter keeps the word marked"
    page.keyboard.press("Escape")
    assert lit(page) == set()


def test_the_matrix_is_drawn_and_answers_to_the_pointer(show) -> None:
    page = show(html.write(examples.german()))
    assert inked(page) > 10_000
    box = page.locator("#matrix").bounding_box()
    wanted = page.evaluate("[matrix.labels[0] + 5.5 * matrix.cell[0], matrix.labels[1] + 7.5 * matrix.cell[1]]")
    page.mouse.move(box["x"] + wanted[0], box["y"] + wanted[1])
    assert page.locator(".word.lit").all_inner_texts() == ["debate", "Debatte"]
    assert "0.96" in page.inner_text("#detail")
    assert lit(page) == {"7-5"}


def test_the_threshold_hides_links_and_brings_in_weaker_ones(show) -> None:
    evidence = examples.passport()
    page = show(html.write(evidence))
    weights = [weight for row in evidence.matrix for weight in row]
    for least in (0.5, 0.12, 0.05):
        page.fill("#threshold", str(least))
        assert ribbons(page) == sum(weight >= least for weight in weights)


def test_records_are_stepped_through_and_searched_and_failures_say_why(show) -> None:
    failure = Failure(error=InputError(wanted="two texts", came="one column", where="a.tsv:2"))
    page = show(html.write_page([examples.passport(), failure, examples.chinese()], title="a.tsv"))
    assert page.inner_text("#place") == "1 of 3"
    page.click("#next")
    assert "one column" in page.inner_text("#failure") and not page.is_visible("#drawing")
    page.click("#next")
    assert page.is_disabled("#next") and page.is_visible("#drawing")
    assert page.locator(".target .word").first.inner_text() == "图书馆"
    page.fill("#search", "PASSPORTS")
    assert page.locator("#list button").count() == 1
    page.click("#list button")
    assert page.inner_text("#place") == "1 of 3" and page.url.endswith("#1")


def test_hostile_text_runs_nothing_and_is_shown(show) -> None:
    evidence = examples.evidence(
        PAYLOAD,
        f"javascript:alert(1) {PAYLOAD}",
        {(PAYLOAD, PAYLOAD): 0.9},
        source_units=[PAYLOAD],
        target_units=[PAYLOAD],
    )
    failure = Failure(error=InputError(wanted=PAYLOAD, came=PAYLOAD), id=PAYLOAD)
    page = show(html.write_page([evidence, failure], title=PAYLOAD))
    page.click("#next")
    assert PAYLOAD in page.inner_text("#failure") and page.inner_text("h1") == PAYLOAD
    page.click("#previous")
    page.hover(".word >> nth=0")
    assert page.locator("img").count() == 0
    assert page.evaluate("window.__pwned") is None
    assert show(html.write(evidence, page=False)).evaluate("window.__pwned") is None


def test_the_policy_refuses_what_was_not_written_here(browser, tmp_path: Path) -> None:
    page = browser.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    text = html.write(examples.passport()).replace("</body>", "<script>window.__pwned=1</script></body>")
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    page.goto((tmp_path / "a.html").as_uri())
    assert page.evaluate("window.__pwned") is None
    assert any("Content Security Policy" in message for message in messages)
    page.close()


def test_two_thousand_words_are_there_within_seconds(show) -> None:
    evidence = examples.long(2000)
    text = html.write(evidence)
    start = time.monotonic()
    page = show(text)
    assert ribbons(page) == len(evidence.links)
    assert time.monotonic() - start < 8
    assert page.locator(".word").count() == 4000
    assert inked(page) > 10_000
    page.locator(".word[data-side=target][data-unit='1999']").scroll_into_view_if_needed()
    page.hover(".word[data-side=target][data-unit='1999']")
    assert lit(page) == {f"{i}-{j}" for i, j, _ in evidence.indexed_links() if j == 1999}


@pytest.mark.parametrize("width", [360, 700, 1200])
def test_words_stay_inside_the_page_at_any_width(show, width: int) -> None:
    page = show(html.write(examples.german()))
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function(f"document.documentElement.clientWidth <= {width} && texts.width === part.stage.clientWidth")
    outside = page.evaluate(
        """() => [...document.querySelectorAll(".word")].filter((word) => {
          const [box, stage] = [word.getBoundingClientRect(), part.stage.getBoundingClientRect()];
          return box.left < stage.left - 4 || box.right > stage.right + 4;
        }).length"""
    )
    assert outside == 0
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_sentences_stand_beside_what_they_align_to(show) -> None:
    page = show(html.write(examples.sentences()))
    middle = page.evaluate(
        "Object.fromEntries(SIDES.map((side) => [side, texts.ports[side].map((port) => Math.round(port.y))]))"
    )
    assert abs(middle["target"][0] - middle["source"][2]) < 60
    assert middle["source"][2] < middle["target"][1] < middle["source"][5]


def test_dark_print_and_no_script_at_all(show) -> None:
    text = html.write(examples.passport())
    page = show(text, color_scheme="dark")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(ground)
    assert dark != show(text, color_scheme="light").evaluate(ground)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(ground) != dark and not page.is_visible("#detail")
    plain = show(examples.passport()._repr_html_(), java_script_enabled=False)
    assert plain.locator("svg").bounding_box()["height"] > 100
    plain.click("summary")
    assert plain.locator("tbody tr").count() == len(examples.passport().links)
