"""Writes data/keyhole.csv, data/porosity.csv and data/rayleigh_benard.csv of this crate from the published tables.

Usage: python make_measured_tables.py FOLDER
FOLDER holds keyhole_90_all.csv and porosity_92_all.csv (the tables published with PyDimension, SI columns) and
rayleigh_benard_niemela.csv (the rows labeled Niemela of the table published with IT-PI); data/README.md says which. Only measured values and settings are taken; the derived columns of the source are not.
"""

import csv
import sys
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent / "data"
NAMES = {"Ti64": "Ti-6Al-4V", "Ti6Al4V": "Ti-6Al-4V", "Inconel 718": "IN718"}
CUNNINGHAM = "Cunningham et al. Science 363 849 (2019) doi 10.1126/science.aav4687"
GAN = "Gan et al. Nat. Commun. 12 2379 (2021) doi 10.1038/s41467-021-22704-0"
KEYHOLE_SOURCES = {"Ti-6Al-4V": CUNNINGHAM, "Al6061": GAN, "SS316": GAN}
POROSITY_SOURCES = {
    "IN718": "Wang and Liu J. Mater. Process. Technol. 273 116238 (2019)",
    "Ti-6Al-4V": "Kasperovich et al. Mater. Des. 105 160 (2016) doi 10.1016/j.matdes.2016.05.070 (doi unverified)",
    "SS316L": "Cherry et al. Int. J. Adv. Manuf. Technol. 76 869 (2015) doi 10.1007/s00170-014-6297-2 (doi unverified)",
}
NIEMELA = "Niemela et al.; probably J. Fluid Mech. 557 411 (2006) (unverified)"
ROW_9 = "probable typing error of the source: six rows of this series have 173 W"


def rows(path):
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def number(text):
    """The shortest decimal of the same double."""
    value = float(text)
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def write(name, comments, header, table):
    with open(OUT / name, "w", newline="", encoding="utf-8") as handle:
        for line in comments:
            handle.write(f"# {line}\n")
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(table)


def main(folder):
    OUT.mkdir(exist_ok=True)
    table = []
    for row in rows(folder / "keyhole_90_all.csv"):
        material = NAMES.get(row["material"], row["material"])
        values = [number(row[key]) for key in ("P_W", "V_mps", "d_m", "e_m")]
        table.append([material, *values, KEYHOLE_SOURCES[material]])
    write(
        "keyhole.csv",
        ["Measured keyhole depths of bare plates; sources and license in data/README.md.",
         "Made by scripts/make_measured_tables.py."],
        ["material", "power [W]", "scan_speed [m/s]", "spot_diameter [m]", "keyhole_depth [m]", "source"],
        table,
    )
    table = []
    for row in rows(folder / "porosity_92_all.csv"):
        material = NAMES.get(row["material"], row["material"])
        values = [number(row[key]) for key in ("etam_P_W", "V_mps", "d_m", "H_m", "L_m", "porosity")]
        note = ROW_9 if row["row"] == "9" else ""
        table.append([material, row["series"], *values, POROSITY_SOURCES[material], note])
    write(
        "porosity.csv",
        ["Measured porosities of printed parts; sources and license in data/README.md.",
         "absorbed_power is absorptivity times laser power as published; the raw power is not public.",
         "Made by scripts/make_measured_tables.py."],
        ["material", "series", "absorbed_power [W]", "scan_speed [m/s]", "spot_diameter [m]",
         "hatch_spacing [m]", "layer_thickness [m]", "porosity [1]", "source", "note"],
        table,
    )
    columns = ("q", "h", "delta_T", "lambda", "g", "alpha", "v", "k", "Ra", "Nu")
    table = [
        [*(number(row[key]) for key in columns), NIEMELA]
        for row in rows(folder / "rayleigh_benard_niemela.csv")
    ]
    write(
        "rayleigh_benard.csv",
        ["Heat transport of helium between two plates; sources and license in data/README.md.",
         "Made by scripts/make_measured_tables.py."],
        ["heat_flux [W/m^2]", "height [m]", "temperature_difference [K]", "thermal_conductivity [W/(m K)]",
         "gravity [m/s^2]", "thermal_expansion [1/K]", "kinematic_viscosity [m^2/s]", "thermal_diffusivity [m^2/s]",
         "rayleigh [1]", "nusselt [1]", "source"],
        table,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
