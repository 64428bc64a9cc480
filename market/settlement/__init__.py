"""Money: what an order holds, what an hour costs, what comes back, what vouchers pay."""
