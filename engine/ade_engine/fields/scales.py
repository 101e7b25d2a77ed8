"""Powers of ten that headers name in many languages: ``Umsatz Mio. EUR``, ``Выручка, тыс. руб.``, ``金额(万元)``, ``Rs. in lakhs``.

A word counts if it is unambiguous: in brackets with nothing but a currency, behind "in", or beside a currency at the header's
end. A clear word in any other position is doubtful.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ade_engine import _native

#: Powers of ten by words that have no other meaning in a header, in the form that :func:`folded` returns.
_CLEAR = {
    word: power
    for power, words in {
        -2: "cent cents eurocent eurocents ¢ pence centimes centimos centavos centesimi rappen grosze groszy grosz ore kopecks коп "
        "копеек копеики копиок копииок kurus paise paisa stotinki стотинки bani haleru halier filler santim senti",
        2: "hundreds hundert centaines cientos centinaia",
        3: "thousand thousands tsd tausend thsd ths milliers migliaia tys тыс тысяч тис тисяч tisic tisicich tisuca tisoc hiljada "
        "duizend tusen tusind ezer tuhatta tuhat тысячах тысячи тысяча тысячамі тисячах tysiacach tysiace tisicoch χιλιαδων "
        "hiljadama tisucama хиљадама хиљ хиљаде илјади milhares milers milleiros duizenden tuhandetes tuhandet tuh tuhansia "
        "tuhansina þus þusund þusundum tusinde tusental ezerben tukstanciais tukstosos tisocih mije mijera elfu libo libong الف "
        "الاف بالالف هزار ہزار হাজার ათასი հազար мың мянга duisend nghin tukst 000 1000 '000 xιλ χιλ χιλιαδεσ хил хиляди хиљада "
        "ngan ribu พน พนบาท بالالاف אלפי באלפי हजार",
        5: "lakh lakhs lacs लाख লকষ লাখ لاکھ",
        6: "million millions mio mill mln mn millionen millones milhoes milioni miljoen milj miljoner millioner miljonaa миллион "
        "миллионов млн мільионів milion miliony milionu milionow milyon millio εκατ εκατομμυρια милиона милион trieu juta ลาน "
        "ลานบาท مليون ملايين بالملايين מיליוני מיליון במיליוני миллионы миллионах мільион мільионах мільиони milionach "
        "milionech milionima milijun milijunima milijuna milijon milijonih milijonov милионима милиони miljoenen miljonit "
        "miljonites miljonia milljon milljonir milljonum millioban milions milioi milioane milijonais miljonos εκατομμυριων "
        "بالمليون بملايين میلیون ملین сая 1000000 000000",
        7: "crore crores करोड কোটি کروڑ",
        9: "billion billions bn mrd milliarden milliards miliardi mld miljard miljarder миллиардов млрд miliard miliardy miliardow "
        "milyar milliard ty miliar مليار mds mrds mlrd mlr миллиард миллиарды миллиардах мільярдів мільярдах miliardach "
        "miliardech milijardi milijardama милијарди δισεκατομμυρια δισ bilhoes miljardia miljardit miljardites milliarder "
        "miliarde milijardai بالمليار مليارات میلیارد ارب",
    }.items()
    for word in words.split()
}
#: Words that mean a metre, a mile, "per mille" or a name unless they are beside a currency.
_BESIDE_CURRENCY = {"k": 3, "t": 3, "e": 3, "mil": 3, "mille": 3, "miles": 3, "mii": 3, "bin": 3, "tis": 3, "m": 6, "mil.": 6, "gr": -2, "p": -2, "kop": -2, "cr": 7, "lac": 5, "b": 9}
#: Words beside "mil." that show a language in which it is a million.
_MILLIONS_BY_CURRENCY = frozenset("kc czk eur lei ron kn din sk".split())
#: Currencies, in the same form.
_CURRENCIES = frozenset(
    "euro euros evro руб рубли рублеи р грн гривень лв лева zl zloty zlotych kc korun ft forint kr kroner kronor lei leu "
    "ron tl lira liras rs rupees rupee re reais real pesos peso dollar dollars dolares dolar dollari pound pounds sterling "
    "dong d rp rupiah บาท ريال دينار درهم جنيه שח ש\"ח kn kuna din dinara dinar yen yuan rmb won francs franc franken fr sfr "
    "soles sol rand r₽ रपय रपए eurow eura evra evrov us usd r ден денари դր դրամ ₸ тг тенге ευρω euron eurot euri eurov "
    "euro's euro(s) динара рсд rsd din. leke lek manat manati piso tsh ksh ush shilingi টাকা টাকার تومان ریال روپے лари "
    "ლარი ₾ төг төгрөг"
    .split()
)
_FILLERS = frozenset("in of en de di em d v u w i a la le the x × * på pa σε в у an и pro-memoria des del dei do dos as σ".split())
#: Words before the power that a header counts in; "per thousand" is a rate.
_IN = frozenset("in en em v u w i pa σε в у an".split())
_PER = frozenset("per pro par por je za на cada kazde a/".split())
_IN_BRACKETS = r"[(\[【]([^()\[\]【】]*)[)\]】]$"
#: Powers of China, Japan and Korea, with their currency.
_EASTERN = {"百万": 6, "百萬": 6, "千": 3, "万": 4, "萬": 4, "億": 8, "亿": 8, "千万": 7, "十億": 9, "백만": 6, "천": 3, "만": 4, "억": 8, "천만": 7, "십억": 9}
_EASTERN_UNIT = rf"(?:^|[(（\[【:：\s、,/]|単位|单位|單位|단위)({'|'.join(sorted(_EASTERN, key=len, reverse=True))})(円|元|원|ドル|美元|港元|人民币|人民幣|韓元|달러|圓|日元|欧元)[)）\]】\s]*$"
_EASTERN_BEHIND = rf"({'|'.join(sorted(_EASTERN, key=len, reverse=True))})(円|元|원)$"
_NUMBER_GAPS = r"(?<=\d)[., ](?=000)"
_ZEROS = r"(?<!\d)['’]?(000)(?:['’]?s)?\b"
#: Units whose size depends on the currency.
_MINOR_UNITS = r"\bminor units?\b|\bcurrency subunits?\b"


def folded(text: str) -> str:
    """Returns lower-case text without accents."""
    text = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L").replace("ø", "o").replace("Ø", "O").replace("đ", "d").replace("Đ", "D").replace("ı", "i"))
    return "".join(letter for letter in text if unicodedata.category(letter) != "Mn").lower().replace("ς", "σ")


def is_sign(letter: str) -> bool:
    """Returns whether a letter is the sign of a currency."""
    return unicodedata.category(letter) == "Sc"


#: A word of a header: its power, whether it needs a currency beside it, and whether it is a currency.
_Word = tuple[int, bool, bool]


@lru_cache(maxsize=1024)
def _word(word: str) -> _Word | None:
    """Returns the meaning of a word for counting; ``None`` for any other word."""
    bare = word.strip(".,:;")
    small = folded(bare)
    if small in ("", "-", "–"):
        return 0, False, False
    if bare and all(is_sign(letter) for letter in bare) and bare != "¢" or _native.is_currency_of_header(bare, False) or small in _CURRENCIES or small in ("r$", "us$", "ca$", "a$", "hk$", "s/"):
        return 0, False, True
    if small in _CLEAR:
        return _CLEAR[small], False, False
    if small in _BESIDE_CURRENCY and bare not in ("T", "P", "E", "GR", "Gr"):
        return _BESIDE_CURRENCY[small], True, False
    if small in _FILLERS:
        return 0, False, False
    for letters, power in (("t", 3), ("k", 3), ("e", 3), ("m", 6), ("mn", 6), ("bn", 9), ("000", 3)):
        for rest in (small.removeprefix(letters) if len(letters) == 1 or letters == "000" else small, small.removesuffix(letters) if letters not in ("t", "e") else small):
            if rest != small and (rest in _CURRENCIES - {"d", "r", "a", "re", "us"} or len(rest) == 1 and is_sign(rest) or len(rest) == 3 and bare[-3:].isupper() and _native.is_currency_of_header(rest.upper(), False) and bare != "MWST"):
                return power, False, True
    return None


def scale_of(header: str, unit: str | None, kind: str) -> tuple[str, int, str | None, bool] | None:
    """Returns the text that names a power of ten, the power, the currency beside it, and whether it is unambiguous.

    ``unit``: a row of units below the header, or the unit in the header itself.
    """
    header = unicodedata.normalize("NFKC", header).strip().translate({ord("（"): "(", ord("）"): ")"})
    # Few headers need these patterns, so the first one that does compiles them.
    found = None if header.isascii() else re.search(_EASTERN_UNIT, header) or re.search(_EASTERN_BEHIND, header)
    if found is not None:
        return found[0].strip(" ()[]【】、,:："), _EASTERN[found[1]], found[2], True
    minor = re.search(_MINOR_UNITS, header, re.IGNORECASE) if kind == "money" and "unit" in header.lower() else None
    if minor is not None:
        return minor[0], -2, None, False
    brackets = re.search(_IN_BRACKETS, header) if header[-1:] in {")", "]", "】"} else None
    if brackets is not None and (not unit or unit in header) and all((said := _word(word)) is not None and said[2] and not said[0] for word in brackets[1].split() or [""]):
        # "Revenue in millions (EUR)", and not "Total miles (USD)".
        before = header[: brackets.start()].strip()
        said = scale_of(f"{before} {brackets[1].strip()}", None, kind)
        if said is not None and (folded(said[0].split()[0]) in _IN or scale_of(before, None, kind) is not None):
            return said
    inside = unit if unit and unit not in header else None if brackets is None else brackets[1]
    if inside is not None:
        return _within(inside, kind, is_apart=True)
    words = header.split()
    for at in range(max(0, len(words) - 5), len(words)):
        if at and folded(words[at - 1].strip(".,")) in _PER:
            return None
        said = _within(" ".join(words[at:]), kind, is_apart=False, behind=words[at - 1] if at else "")
        if said is not None:
            return said
    return None


def _within(text: str, kind: str, *, is_apart: bool, behind: str = "") -> tuple[str, int, str | None, bool] | None:
    """Returns the scale of a part of a header, if the part has no other meaning; in separate brackets a clear word among others
    is doubtful.
    """
    plain = re.sub(_ZEROS, r" \1 ", re.sub(_NUMBER_GAPS, "", text)) if "'" in text or "’" in text or "000" in text else text
    if not plain.isascii() or not {*plain}.isdisjoint("$'."):
        plain = re.sub(r"\b(t|m)\.\s?kr\b", r"\1kr", re.sub(r"\b([dl])['’](?=\w)", "", re.sub(r"([€$£₹])(?=\d)", r"\1 ", plain)), flags=re.IGNORECASE)
    tokens = plain.replace("/", " ").split()
    said = [_word(token) for token in tokens]
    powers = [meaning for meaning in said if meaning is not None and meaning[0]]
    currencies = [token.strip(".,") for token, meaning in zip(tokens, said) if meaning is not None and meaning[2]]
    if len(powers) != 1 or "per" in map(str.lower, tokens) or not text[:1].strip():
        clear = [power for power in powers if not power[1]]
        return (text, clear[0][0], None, False) if is_apart and clear and kind == "money" else None
    power, wants_currency, _ = powers[0]
    spelt = next(token for token, meaning in zip(tokens, said) if meaning is not None and meaning[0])
    if power == 3 and folded(spelt).startswith("mil") and spelt.endswith(".") and any(folded(currency) in _MILLIONS_BY_CURRENCY for currency in currencies):
        power = 6
    is_whole = None not in said
    if wants_currency and not currencies:
        return (text, power, None, False) if is_apart and kind == "money" and power == -2 and folded(spelt) != "p" else None
    if not is_whole:
        return (text, power, None, False) if is_apart and kind == "money" else None
    first = folded(tokens[0].strip(".,"))
    is_led = first in _IN and len(tokens) > 1 or behind.endswith(",") or "'" in text or "’" in text
    # Numbers of things are counted in thousands, too; a power alone behind other words may be part of a name.
    is_clear = is_apart or bool(currencies) or is_led
    if kind == "number" and not is_apart and not currencies and not is_led:
        return None
    return text, power, "".join(currencies) or None, is_clear
