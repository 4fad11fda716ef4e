"""The tools of M3ToolEval's expression tasks, written by us from their names, signatures and descriptions.

Where the set takes any number of arguments ours take a list. The set's timetable and hotels are not in its export of
tasks: those here are ours, made so that the answers that its travel tasks expect come out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sanca.python_runtime.evaluation.arithmetic import work_out

_TO_MRNA = str.maketrans("ACGT", "UGCA")
_TO_DNA = str.maketrans("ACGU", "TGCA")
_BASES = "UCAG"
_AMINO_ACIDS = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
"""The standard genetic code, by codons in the order of `_BASES`; `*` ends a chain."""
_UNKNOWN = "X"

_FLIGHTS = (
    ("E", "A", "2023-12-25", 450),
    ("E", "B", "2023-11-10", 300),
    ("E", "B", "2023-11-10", 360),
    ("E", "B", "2023-12-15", 500),
    ("E", "B", "2023-12-15", 540),
    ("E", "C", "2023-10-05", 720),
    ("E", "C", "2023-10-05", 600),
    ("E", "C", "2023-12-01", 580),
    ("E", "C", "2023-12-01", 610),
    ("E", "D", "2023-08-15", 600),
    ("A", "B", "2023-12-29", 525),
    ("A", "C", "2023-08-20", 281),
    ("A", "D", "2023-12-28", 350),
    ("A", "D", "2023-12-29", 445),
    ("B", "C", "2023-11-13", 210),
    ("B", "D", "2023-12-06", 500),
    ("B", "D", "2024-01-01", 530),
    ("B", "E", "2023-12-08", 535),
    ("C", "B", "2023-12-03", 455),
    ("C", "D", "2023-12-03", 505),
    ("D", "A", "2023-08-18", 270),
    ("D", "B", "2023-12-06", 515),
    ("D", "C", "2024-01-02", 500),
)
_HOTELS = (
    ("A", ("wifi", "pool"), 120, 4),
    ("A", ("wifi", "gym"), 50, 3),
    ("B", ("wifi", "gym"), 105, 4),
    ("B", ("gym", "pool"), 140, 5),
    ("C", ("wifi", "gym"), 110, 5),
    ("C", ("pool",), 95, 3),
    ("D", ("wifi", "gym"), 80, 4),
    ("D", ("wifi", "pool"), 130, 5),
    ("E", ("wifi", "gym", "pool"), 90, 4),
)


def convert_hex_to_ascii(hex_string: str) -> str:
    """Convert a hexadecimal text to ASCII."""
    return bytes.fromhex(hex_string).decode("ascii")


def reverse_string(string: str) -> str:
    """Reverse a text."""
    return string[::-1]


def caesar_decode(message: str, shift: int) -> str:
    """Decode a Caesar cipher: each letter moves back by `shift`, everything else stays."""
    return "".join(_moved(letter, shift) for letter in message)


def string_length(string: str) -> int:
    """Return how many characters a text has."""
    return len(string)


def minimum_value(values: list[int | float]) -> int | float:
    """Return the smallest of some numbers."""
    return min(values)


def maximum_value(values: list[int | float]) -> int | float:
    """Return the largest of some numbers."""
    return max(values)


def sum_of(values: list[int | float]) -> int | float:
    """Return the sum of some numbers."""
    return sum(values)


def count_nucleotides(dna_sequence: str) -> dict[str, int]:
    """Count each nucleotide of a DNA sequence."""
    return {base: dna_sequence.count(base) for base in "ACGT"}


def transcribe_dna_to_mrna(dna_sequence: str) -> str:
    """Transcribe DNA to mRNA: each base becomes its partner, U for A."""
    return dna_sequence.translate(_TO_MRNA)


def translate_mrna_to_amino_acid(mrna_sequence: str) -> str:
    """Translate mRNA to a chain of amino acids, a letter each; a codon that is none, or not whole, is X."""
    codons = [mrna_sequence[start : start + 3] for start in range(0, len(mrna_sequence), 3)]
    return "".join(_amino_acid(codon) for codon in codons)


def find_max_nucleotide(nucleotide_counts: dict[str, int]) -> tuple[str, int]:
    """Return the nucleotide that was counted most, and its count; the first of several."""
    name = max(nucleotide_counts, key=lambda base: nucleotide_counts[base])
    return name, nucleotide_counts[name]


def is_valid_dna_sequence(dna_sequence: str) -> bool:
    """Return whether a text holds nothing but A, C, G and T."""
    return bool(dna_sequence) and set(dna_sequence) <= set("ACGT")


def reverse_transcribe_mrna_to_dna(mrna_sequence: str) -> str:
    """Transcribe mRNA back to DNA."""
    return mrna_sequence.translate(_TO_DNA)


def convert_currency(base_price: float, conversion_rate: float) -> float:
    """Convert a price to the local currency."""
    return base_price * conversion_rate


def calculate_tariff(price: float, tariff_rate: float) -> float:
    """Return the tariff on a price; the rate is in percent."""
    return price * tariff_rate / 100


def estimate_final_value(price: float, tariff: float) -> float:
    """Return a price with its tariff."""
    return price + tariff


def calculator(expression: str) -> float:
    """Work out an expression of numbers, + - * / and brackets."""
    return work_out(expression)


def find_flights(from_location: str, to_location: str, date: str) -> list[dict[str, Any]]:
    """Find flights of a day (YYYY-MM-DD): `from_location`, `to_location`, `date`, `price`."""
    wanted = (from_location, to_location, date)
    names = ("from_location", "to_location", "date", "price")
    return [dict(zip(names, flight, strict=True)) for flight in _FLIGHTS if flight[:3] == wanted]


def book_hotel(location: str, preferences: list[str] = []) -> list[dict[str, Any]]:  # noqa: B006 - never changed
    """Find hotels that have all preferences: `location`, `preferences`, `price_per_night`, `rating`."""
    names = ("location", "preferences", "price_per_night", "rating")
    found = [hotel for hotel in _HOTELS if hotel[0] == location and set(preferences) <= set(hotel[1])]
    return [dict(zip(names, hotel, strict=True)) for hotel in found]


def budget_calculator(flight_price: float, hotel_price_per_night: float, num_nights: int) -> float:
    """Return what a trip costs."""
    return flight_price + hotel_price_per_night * num_nights


TOOLS: dict[str, dict[str, Callable[..., Any]]] = {
    "message_decoder": {
        "convert_hex_to_ascii": convert_hex_to_ascii,
        "reverse_string": reverse_string,
        "caesar_decode": caesar_decode,
        "string_length": string_length,
        "minimum_value": minimum_value,
        "maximum_value": maximum_value,
    },
    "dna_sequencer": {
        "count_nucleotides": count_nucleotides,
        "transcribe_dna_to_mrna": transcribe_dna_to_mrna,
        "translate_mrna_to_amino_acid": translate_mrna_to_amino_acid,
        "find_max_nucleotide": find_max_nucleotide,
        "is_valid_dna_sequence": is_valid_dna_sequence,
        "reverse_transcribe_mrna_to_dna": reverse_transcribe_mrna_to_dna,
    },
    "trade_calculator": {
        "convert_currency": convert_currency,
        "calculate_tariff": calculate_tariff,
        "estimate_final_value": estimate_final_value,
        "calculator": calculator,
        "find_minimum": minimum_value,
        "find_maximum": maximum_value,
    },
    "travel_planning": {
        "find_flights": find_flights,
        "book_hotel": book_hotel,
        "budget_calculator": budget_calculator,
        "max": maximum_value,
        "min": minimum_value,
        "sum": sum_of,
    },
}
"""Toolkit → tool → function."""


def _moved(letter: str, shift: int) -> str:
    for first in "aA":
        if letter.isascii() and letter.isalpha() and letter.isupper() == first.isupper():
            return chr((ord(letter) - ord(first) - shift) % 26 + ord(first))
    return letter


def _amino_acid(codon: str) -> str:
    if len(codon) != 3 or not set(codon) <= set(_BASES):
        return _UNKNOWN
    place = 0
    for base in codon:
        place = place * 4 + _BASES.index(base)
    return _AMINO_ACIDS[place]
