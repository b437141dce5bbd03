"""What every request passes and every answer is, whichever door it came through."""
