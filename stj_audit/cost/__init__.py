"""Money: prices, the bill now, its projection to other user counts, and what a change would save. Pure, and Decimal throughout."""
