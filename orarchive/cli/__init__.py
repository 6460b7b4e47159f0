"""The command line: `orarchive --help`. Commands print what the rooms behind them compute."""
