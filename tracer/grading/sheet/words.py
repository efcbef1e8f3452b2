"""Words of headers that say the same in another way: other languages, and remarks that repeat what a name says."""

from __future__ import annotations

import re

_OTHER_LANGUAGES = {
    "input": "entrada entrees entree eingabe eingang eingangs 输入 輸入",
    "target": "objetivo deseada deseado cible voulue soll sollwert ziel zielwert obiettivo alvo 目标 目標 期望",
    "weight": "peso pesos poids gewicht gewichte 权重 權重",
    "bias": "sesgo umbral biais schwelle schwellwert vies 偏置",
    "hidden": "oculta oculto cachee cache versteckt verborgen 隐藏 隱藏",
    "output": "salida sortie ausgabe ausgang uscita saida 输出 輸出",
    "net": "neto nette netto 净输入",
    "error": "erreur fehler errore erro perdida perte verlust 误差 誤差 损失 損失",
    "total": "totale gesamt 总 總",
    "totalerror": "gesamtfehler gesamtverlust 总误差 總誤差 总损失 總損失",
    "gradient": "gradiente gradienten 梯度",
    "new": "nuevo nueva nouveau nouvelle neu neuer neues 新",
    "old": "viejo ancien alt 旧",
    "iteration": "iteracion epoca epoque durchlauf schritt epoche 迭代 轮次",
    "learningrate": "lernrate 学习率 學習率",
}
"""English → what is read as it; without accents, in lower case."""

_IN_SEVERAL_WORDS = {
    "learningrate": r"tasa de aprendizaje|taux d.apprentissage|tasso di apprendimento|taxa de aprendizado"
}

_ENGLISH = {word: english for english, words in _OTHER_LANGUAGES.items() for word in words.split()}
_FOREIGN = re.compile(
    "|".join(
        rf"(?<![a-z]){word}(?![a-z])" if word.isascii() else re.escape(word) for word in sorted(_ENGLISH, key=len)[::-1]
    )
)


def in_english(text: str) -> str:
    """The text, its words of other languages in English. text: in lower case, without accents."""
    for english, words in _IN_SEVERAL_WORDS.items():
        text = re.sub(words, english, text)
    return _FOREIGN.sub(lambda match: _ENGLISH[match[0]], text)


_REMARKS = {
    "t": "target targets output desired expected label y d",
    "i": "input inputs feature x i",
    "w": "weight weights t k n old current before initial start w",
    "b": "bias biases old current before initial start b",
    "net": "net netinput input in sum weightedsum z before hidden output neuron preactivation",
    "act": "out output act activation activated sigmoid after a result prediction actual",
    "E": "error loss cost sum total squarederror e mse",
    "∂": "gradient grad derivative slope",
}  # fmt: skip
"""Kind of quantity → words beside its name that say no more than the name does."""


_KINDS = (("a_", "act"), ("h", "net"), ("o", "net"), *((kind, kind) for kind in "tiwbE∂"))
"""How the names of quantities begin, and their kind."""


def repeats(remark: str, quantity: str) -> bool:
    """Whether a remark beside the name of a quantity only says what kind of quantity it is."""
    kind = next((kind for start, kind in _KINDS if quantity.startswith(start)), "")
    return remark in _REMARKS.get(kind, "").split()


__all__ = ["in_english", "repeats"]
