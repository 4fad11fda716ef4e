"""Solutions of M3ToolEval's 48 expression tasks as actions. The export of its tasks has none, so they are ours."""

from __future__ import annotations

from typing import Any

_DECODED = """\
def decoded(code, shift):
    text = message_decoder.convert_hex_to_ascii(code)
    return message_decoder.caesar_decode(message_decoder.reverse_string(text), shift)

"""
_VALUED = """\
def valued(price, rate, tariff):
    local = trade_calculator.convert_currency(price, rate)
    return trade_calculator.estimate_final_value(local, trade_calculator.calculate_tariff(local, tariff))

"""
_TRIP = """\
def cost(origin, place, day, nights, wanted=(), unwanted="", best=False):
    flight = travel_planning.min([each["price"] for each in travel_planning.find_flights(origin, place, day)])
    hotels = travel_planning.book_hotel(place, list(wanted))
    hotels = [each for each in hotels if unwanted not in each["preferences"]]
    order = (lambda each: -each["rating"]) if best else (lambda each: each["price_per_night"])
    return travel_planning.budget_calculator(flight, min(hotels, key=order)["price_per_night"], nights)

"""

_MESSAGES = {
    "full_alien_message_decoding": "decoded('7a686b7a686d666d686b', 5)",
    "shortest_caesar_decoded_message": """\
codes = ['636261', '686766', '6365646362', '6867666865']
message_decoder.minimum_value([message_decoder.string_length(decoded(code, 4)) for code in codes])""",
    # A defect of the set: it asks for the longest and expects the smallest length. Here all have the same.
    "longest_decoded_string": """\
codes = {'4a656d': 2, '4b6867': 3, '4c696f': 5}
message_decoder.maximum_value([message_decoder.string_length(decoded(code, codes[code])) for code in codes])""",
    "specific_decoded_character": "decoded('576562546563686e6f6c6f6779', 7)",
    "hex_caesar_combined_decoding": (
        "message_decoder.caesar_decode(message_decoder.convert_hex_to_ascii('4d4f5252'), 2)"
    ),
    "multi_step_decoding_challenge": "decoded('726f77746e6153794d', 3)",
    "length_based_decoding_puzzle": """\
for code in ['646566', '6a6b6c6d', '68696a6b6c']:
    message = message_decoder.caesar_decode(message_decoder.convert_hex_to_ascii(code), 6)
    if message_decoder.string_length(message) == 5:
        break
message""",
    "maximum_value_decoding": """\
message_decoder.maximum_value([int(decoded(code, 4)) for code in ['313233', '343536', '373839']])""",
}

_SEQUENCES = {
    "find_most_common_nucleotide_and_transcribe": """\
name, _ = dna_sequencer.find_max_nucleotide(dna_sequencer.count_nucleotides('AGCTAGCCGATGCA'))
dna_sequencer.transcribe_dna_to_mrna(name * 3)""",
    "validate_transcribe_translate": """\
answer = 'Invalid DNA sequence'
if dna_sequencer.is_valid_dna_sequence('AGCTTX'):
    answer = dna_sequencer.translate_mrna_to_amino_acid(dna_sequencer.transcribe_dna_to_mrna('AGCTTX'))
answer""",
    "reverse_transcribe_count_max_nucleotide": """\
counts = dna_sequencer.count_nucleotides(dna_sequencer.reverse_transcribe_mrna_to_dna('AUGCUUUUC'))
dna_sequencer.find_max_nucleotide(counts)[0]""",
    "transcribe_translate_amino_acid_length": """\
len(dna_sequencer.translate_mrna_to_amino_acid(dna_sequencer.transcribe_dna_to_mrna('AGCTAGCGTA')))""",
    "reverse_transcribe_palindrome_check": """\
dna_sequencer.count_nucleotides(dna_sequencer.reverse_transcribe_mrna_to_dna('AUGCGU'))""",
    "validate_find_longest_valid_sequence": """\
sequences = ['AGCTAG', 'XYZABC', 'GTCAGT']
max([each for each in sequences if dna_sequencer.is_valid_dna_sequence(each)], key=len)""",
    "transcribe_translate_find_amino_acid": """\
'Methionine' in dna_sequencer.translate_mrna_to_amino_acid(dna_sequencer.transcribe_dna_to_mrna('AGCTAGCGTA'))""",
    "find_most_common_nucleotide_combined_sequence": """\
dna_sequencer.find_max_nucleotide(dna_sequencer.count_nucleotides(''.join(['AGCT', 'CCGA', 'TTAG'])))""",
}

_TRADES = {
    "estimate_final_value": "valued(150, 1, 7.5)",
    "interstellar_trade_transaction": "valued(100 * 50, 1.5, 8)",
    "taxed_commodity_export": "valued(200 * 120, 2.0, 5)",
    "best_trade_route_selection": """\
trade_calculator.find_minimum([valued(500, 1.3, 7), valued(500, 1.4, 9), valued(500, 1.2, 4)])""",
    "most_profitable_conversion_rate": "valued(1000 * 300, trade_calculator.find_maximum([2.5, 2.3, 2.7]), 10)",
    "bulk_trade_quantity_discount": "valued(trade_calculator.calculator('2500 * 1500 * (1 - 0.05)'), 1.8, 12)",
    "comparative_profit_analysis": """\
trade_calculator.find_maximum([valued(300 * 100, 1.6, 6), valued(500 * 80, 1.8, 5)])""",
    "fluctuating_conversion_rates_impact": """\
[valued(units * 200, rate, 7) for units, rate in [(100, 1.7), (150, 1.5), (200, 1.6)]]""",
    "optimal_trade_route_multiple_commodities": """\
trade_calculator.find_maximum([valued(150 * 200, 1.7, 8), valued(250 * 300, 1.5, 5), valued(100 * 400, 2.0, 10)])""",
    "seasonal_price_fluctuation_impact": "[valued(200 * price, 1.8, 7) for price in [200, 250, 180]]",
    "balancing_multiple_trade_offers": "valued(300 * 250, 1.6, 6) - valued(150 * 220, 1.5, 4)",
    "dynamic_pricing_strategy": """\
[valued(units * 300 * demand, 1.8, 6) for units, demand in [(120, 1.1), (100, 1), (80, 0.95)]]""",
    "quantity_tariff_tradeoff": """\
trade_calculator.find_maximum([valued(200 * 400, 1.7, 10), valued(150 * 400, 1.7, 5)])""",
    "optimizing_bulk_purchase_discounts": """\
prices = [price * units * (0.95 if units >= 1000 else 1) for price in [150, 180] for units in [950, 1050]]
trade_calculator.find_maximum([valued(price, 1.6, 7) for price in prices])""",
    "currency_fluctuation_hedging": """\
trade_calculator.find_minimum([valued(500 * 250, rate, 8) for rate in [1.5, 1.65, 1.8]])""",
    "variable_tariff_profit_maximization": """\
sales = [(400, 6), (350, 4), (450, 7)]
trade_calculator.find_maximum([valued(units * 300, 1.7, tariff) for units, tariff in sales])""",
    "long_term_vs_short_term_trade_decisions": "[valued(600 * 200, 1.8, 5), valued(600 * 200 * 1.1, 1.6, 7)]",
}

_TRIPS = {
    "plan_trip_to_0": ["cost('E', 'A', '2023-12-25', 5, ['wifi', 'pool'])"],
    "cheapest_new_york_trip": ["cost('E', 'B', '2023-11-10', 3)"],
    "luxury_tokyo_trip": ["cost('E', 'C', '2023-10-05', 7, best=True)"],
    "budget_trip_to_paris": ["cost('E', 'A', '2023-12-25', 4)"],
    "new_york_trip_with_specific_preferences": ["cost('E', 'B', '2023-11-10', 3, ['gym'], unwanted='pool')"],
    "london_business_trip": ["cost('E', 'D', '2023-08-15', 4, ['wifi'])"],
    "last_minute_tokyo_trip": ["cost('E', 'C', '2023-12-01', 3)"],
    "new_york_holiday_season": ["cost('E', 'B', '2023-12-15', 7, ['gym', 'pool'])"],
    "multi_city_business_trip": [
        "cost('E', 'B', '2023-11-10', 2, ['wifi'])",
        "cost('B', 'C', '2023-11-13', 3, ['wifi'])",
    ],
    "leisure_multi_city_trip": ["cost('E', 'A', '2023-12-25', 3)", "cost('A', 'D', '2023-12-28', 2)"],
    "three_city_european_tour": [
        "cost('E', 'A', '2023-12-25', 3, ['wifi'])",
        "cost('A', 'D', '2023-12-29', 4, ['wifi'])",
        "cost('D', 'C', '2024-01-02', 3, ['wifi'])",
    ],
    "adventure_trip": [
        "cost('E', 'C', '2023-12-01', 2, ['pool'])",
        "cost('C', 'B', '2023-12-03', 3)",
        "cost('B', 'D', '2023-12-06', 2, ['gym'])",
    ],
    "cultural_exploration_tour": [
        "cost('E', 'A', '2023-12-25', 4, ['wifi'])",
        "cost('A', 'B', '2023-12-29', 2, ['wifi'])",
        "cost('B', 'D', '2024-01-01', 3, ['wifi'], best=True)",
    ],
    "leisure_and_business_combo": [
        "cost('E', 'D', '2023-08-15', 3, ['wifi', 'gym'])",
        "cost('D', 'A', '2023-08-18', 2, ['pool'])",
        "cost('A', 'C', '2023-08-20', 2, ['wifi', 'gym'])",
    ],
    "grand_tour_vacation": [
        "cost('E', 'C', '2023-12-01', 2, best=True)",
        "cost('C', 'D', '2023-12-03', 3, best=True)",
        "cost('D', 'B', '2023-12-06', 2, best=True)",
        "cost('B', 'E', '2023-12-08', 3, best=True)",
    ],
}


def programs() -> dict[str, tuple[str, str]]:
    """Return the toolkit and the action of each task, by its name."""
    found: dict[str, tuple[str, str]] = {}
    groups: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("message_decoder", "message_decoder", _DECODED, _MESSAGES),
        ("cryptobotanists_plant_dna_sequencer", "dna_sequencer", "", _SEQUENCES),
        ("trade_calculator", "trade_calculator", _VALUED, _TRADES),
        ("travel_itinerary_planning", "travel_planning", _TRIP, {name: _summed(legs) for name, legs in _TRIPS.items()}),
    )
    for category, toolkit, head, group in groups:
        found |= {f"{category}/{name}": (toolkit, head + body) for name, body in group.items()}
    return found


def _summed(legs: list[str]) -> str:
    return f"travel_planning.sum([{', '.join(legs)}])"
