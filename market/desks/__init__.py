"""What the exchange does besides its main path, a desk for each matter; `Exchange` is all of them."""
