"""The yardstick for a whole run: the classic walkthrough by a plain loop, written by pandas and openpyxl.

The same values as `backprop-trace run configs/walkthrough.yaml` writes, in one CSV and six sheets, without formulas,
styles or charts. Run it as: python by_pandas.py FOLDER
"""

import math
import sys

import pandas


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def walk(eta: float, iterations: int) -> list[dict[str, float]]:
    t1, t2, i1, i2 = 0.5, 0.5, 0.05, 0.10
    w = [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55]
    rows = []
    for iteration in range(1, iterations + 1):
        w1, w2, w3, w4, w5, w6, w7, w8 = w
        h1, h2 = w1 * i1 + w2 * i2, w3 * i1 + w4 * i2
        a_h1, a_h2 = sigmoid(h1), sigmoid(h2)
        o1, o2 = w5 * a_h1 + w6 * a_h2, w7 * a_h1 + w8 * a_h2
        a_o1, a_o2 = sigmoid(o1), sigmoid(o2)
        e1, e2 = 0.5 * (t1 - a_o1) ** 2, 0.5 * (t2 - a_o2) ** 2
        da_o1, da_o2 = -(t1 - a_o1), -(t2 - a_o2)
        so1, so2 = a_o1 * (1 - a_o1), a_o2 * (1 - a_o2)
        do1, do2 = da_o1 * so1, da_o2 * so2
        da_h1, da_h2 = do1 * w5 + do2 * w7, do1 * w6 + do2 * w8
        sh1, sh2 = a_h1 * (1 - a_h1), a_h2 * (1 - a_h2)
        dh1, dh2 = da_h1 * sh1, da_h2 * sh2
        g = [dh1 * i1, dh1 * i2, dh2 * i1, dh2 * i2, do1 * a_h1, do1 * a_h2, do2 * a_h1, do2 * a_h2]
        rows.append(
            {
                "iteration": iteration, "eta": eta, "t1": t1, "t2": t2, "i1": i1, "i2": i2,
                "w1": w1, "w2": w2, "w3": w3, "w4": w4, "h1": h1, "a_h1": a_h1, "h2": h2, "a_h2": a_h2,
                "w5": w5, "w6": w6, "w7": w7, "w8": w8, "o1": o1, "a_o1": a_o1, "o2": o2, "a_o2": a_o2,
                "E1": e1, "E2": e2, "E_total": e1 + e2,
                "∂E/∂a_o1": da_o1, "∂a_o1/∂o1": so1, "∂E/∂o1": do1, "∂E/∂a_o2": da_o2, "∂a_o2/∂o2": so2, "∂E/∂o2": do2,
                "∂E/∂w5": g[4], "∂E/∂w6": g[5], "∂E/∂w7": g[6], "∂E/∂w8": g[7],
                "∂E/∂a_h1": da_h1, "∂a_h1/∂h1": sh1, "∂E/∂h1": dh1, "∂E/∂a_h2": da_h2, "∂a_h2/∂h2": sh2, "∂E/∂h2": dh2,
                "∂E/∂w1": g[0], "∂E/∂w2": g[1], "∂E/∂w3": g[2], "∂E/∂w4": g[3],
            }
        )  # fmt: skip
        w = [weight - eta * gradient for weight, gradient in zip(w, g, strict=True)]
    return rows


if __name__ == "__main__":
    folder = sys.argv[1]
    frames = {eta: pandas.DataFrame(walk(eta, 100)) for eta in (0.1, 0.2, 0.5, 0.8, 1.0, 2.0)}
    pandas.concat(frames.values()).to_csv(f"{folder}/by_pandas.csv", index=False)
    with pandas.ExcelWriter(f"{folder}/by_pandas.xlsx", engine="openpyxl") as book:
        for eta, frame in frames.items():
            frame.drop(columns="eta").to_excel(book, sheet_name=f"η = {eta:g}", index=False)
