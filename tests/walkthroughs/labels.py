"""What people write above their cells: words of several languages and manners for the same quantity."""

from __future__ import annotations

import re

_WORDS = {
    "english": {"x": "input {}", "t": "target", "w": "weight {}", "b": "bias {}", "z": "net {}", "a": "out {}", "E": "Error {}", "d": "delta {}",
                "g": "dE/dw {}", "G": "mean dE/dw {}", "+": "new {}", "c": "change {}", "e": "dE/dout {}", "s": "slope {}", "m": "momentum {}", "v": "square {}", "k": "iteration"},
    "portuguese": {"x": "entrada {}", "t": "alvo", "w": "peso {}", "b": "viés {}", "z": "soma {}", "a": "saída {}", "E": "Erro {}", "d": "delta {}",
                   "g": "gradiente {}", "G": "gradiente médio {}", "+": "{} novo", "c": "ajuste {}", "e": "dE/dsaída {}", "s": "derivada {}", "m": "momento {}", "v": "quadrado {}", "k": "iteração"},
    "korean": {"x": "입력 {}", "t": "정답", "w": "가중치 {}", "b": "편향 {}", "z": "가중합 {}", "a": "출력 {}", "E": "오차 {}", "d": "델타 {}",
               "g": "기울기 {}", "G": "평균 기울기 {}", "+": "새 {}", "c": "변화량 {}", "e": "오차 미분 {}", "s": "활성화 미분 {}", "m": "모멘텀 {}", "v": "제곱 {}", "k": "반복"},
    "german": {"x": "Eingang {}", "t": "Soll", "w": "Gewicht {}", "b": "Schwelle {}", "z": "Netto {}", "a": "Ausgabe {}", "E": "Fehler {}", "d": "Delta {}",
               "g": "Ableitung {}", "G": "Mittel {}", "+": "{} neu", "c": "Änderung {}", "e": "dE/da {}", "s": "Steigung {}", "m": "Schwung {}", "v": "Quadrat {}", "k": "Schritt"},
    "classic": {"x": "i{n}", "t": "t{n}", "w": "w{n}", "b": "b{n}", "z": "{h}{n}", "a": "a_{h}{n}", "E": "E{n}", "d": "δ_{h}{n}", "g": "∂E/∂w{n}", "G": "mean ∂E/∂w{n}",
                "+": "{}+", "c": "Δw{n}", "e": "∂E/∂a_{h}{n}", "s": "∂a_{h}{n}/∂{h}{n}", "m": "m_w{n}", "v": "v_w{n}", "k": "k"},
    "code": {"x": "x[{}]", "t": "y[{}]", "w": "W[{}]", "b": "b[{}]", "z": "z[{}]", "a": "a[{}]", "E": "L[{}]", "d": "dz[{}]", "g": "dW[{}]", "G": "avg dW[{}]",
             "+": "{}_new", "c": "step[{}]", "e": "da[{}]", "s": "g'(z)[{}]", "m": "m[{}]", "v": "v[{}]", "k": "epoch"},
    "short": {"x": "x{n}", "t": "y{n}", "w": "w{_}", "b": "b{_}", "z": "z{_}", "a": "a{_}", "E": "loss{n}", "d": "d{_}", "g": "dw{_}", "G": "dw{_} avg", "+": "{}'",
              "c": "Δw{_}", "e": "dL/da{_}", "s": "a'{_}", "m": "m{_}", "v": "v{_}", "k": "#"},
}  # fmt: skip
LANGUAGES = (*_WORDS, "none")
TITLES = {
    "english": "Backpropagation by hand",
    "portuguese": "Rede neural passo a passo",
    "korean": "역전파 손계산",
    "german": "Rückwärtsrechnung",
}
ETA = {
    "english": "learning rate",
    "portuguese": "taxa de aprendizagem",
    "korean": "학습률",
    "german": "Lernrate",
    "classic": "η",
    "code": "lr",
    "short": "alpha",
}
SHEETS = {
    "english": "Step {}",
    "portuguese": "Passo {}",
    "korean": "단계 {}",
    "german": "Schritt {}",
    "classic": "Sheet{}",
    "code": "iter{}",
    "short": "S{}",
    "none": "Sheet{}",
}


def label(name: str, language: str, layers: int = 2) -> str:
    """The header of a line's name; "" in the language none."""
    words = _WORDS.get(language)
    if words is None:
        return ""
    if name.endswith("+"):
        return words["+"].format(label(name[:-1], language, layers))
    match = re.fullmatch(r"([A-Za-z]+?)_?((?:[wb])?[\d_]*)", name)
    if match is None or match[1] not in words:
        return name
    digits = match[2].lstrip("wb")
    layer = digits.split("_")[0]
    number = "".join(digits.split("_")[1:]) or digits
    letter = "o" if layer == str(layers) else "h" if layers == 2 else f"h{layer}_"
    template = words[match[1]]
    if match[1] in ("g", "G", "m", "v", "c") and match[2][:1] == "b":
        template = template.replace("w", "b")
    return (
        template.format(digits.replace("_", ","), n=number, h=letter, _=digits.replace("_", ""))
        .strip()
        .replace("[]", "")
    )
