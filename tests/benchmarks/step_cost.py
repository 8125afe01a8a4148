"""What does a step cost? Prints microseconds per member and step of one cohort, without its start and without probes.

In a process of its own, so that the version of another checkout can stand beside this one, in the same rounds:

    PYTHONPATH=../before python tests/benchmarks/step_cost.py 64 100 model=mlp task=digits optimizer=adam
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def microseconds(overrides, members, steps, version=HERE):
    """Of a member and step, by the gradstudy whose checkout is the folder `version`."""
    command = [sys.executable, __file__, str(members), str(steps), *overrides]
    environment = {**os.environ, "PYTHONPATH": str(version), "OMP_NUM_THREADS": "1"}
    return float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def main():
    import torch
    from instruments_off import Blind
    from recorder_cost import cohort_of

    from gradstudy.training import engine

    torch.set_num_threads(1)
    engine.Prober = Blind
    members, steps = map(int, sys.argv[1:3])
    cohort = cohort_of(sys.argv[3:], members, steps)
    # machine code is compiled or read, memory is taken, data are drawn: as for all but the first cohort of a study
    engine.train(cohort)
    records = engine.train(cohort)
    assert all(record.first_bad_step is None for record in records), "the dead are left behind, and take no time"
    print(1e6 * records[0].cost["seconds"] / steps / members)


if __name__ == "__main__":
    main()
