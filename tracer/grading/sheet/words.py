"""Synonyms in headers: words of other languages, and remarks that repeat what a name says."""

from __future__ import annotations

import re

from tracer.model.quantity import Quantity, Role

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


_OF_WEIGHT = "weight weights t k n old current before initial start w"
_OF_BIAS = "bias biases old current before initial start b"
_OF_ERROR = "error loss cost sum total squarederror e mse"
_OF_DERIVATIVE = "gradient grad derivative slope"
_REMARKS = {
    Role.TARGET: "target targets output desired expected label y d",
    Role.INPUT: "input inputs feature x i",
    Role.ITERATION: "i",
    Role.WEIGHT: _OF_WEIGHT,
    Role.BIAS: _OF_BIAS,
    Role.SHARED_BIAS: _OF_BIAS,
    Role.NET_INPUT: "net netinput input in sum weightedsum z before hidden output neuron preactivation",
    Role.ACTIVATION: "out output act activation activated sigmoid after a result prediction actual",
    Role.ERROR: _OF_ERROR,
    Role.LOSS: _OF_ERROR,
    Role.GRADIENT: _OF_DERIVATIVE,
    Role.LOCAL_DERIVATIVE: _OF_DERIVATIVE,
}
"""Role of a quantity → words beside its name that say no more than the name does."""


def repeats(remark: str, quantity: Quantity) -> bool:
    """Whether a remark beside the name of a quantity only says what kind of quantity it is."""
    named = quantity.of if quantity.role is Role.AFTER_UPDATE and quantity.of else quantity
    return remark in _REMARKS.get(named.role, "").split()
