"""What every list of the portal shares: filters, order, pages, and finding rows fast."""
