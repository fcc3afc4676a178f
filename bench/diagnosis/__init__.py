"""The benchmark of localisation (docs/diagnosis.md): networks with known faults, what a monitor sees of them, who is right."""
