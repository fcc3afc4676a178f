"""From observations to the state of one device. Pure: reads no clock, sends nothing."""
