"""Damage to the branch of health: a commit that has the file of another hour."""

from orarchive.store.archive import Archive
from orarchive.store.health_branch import HEALTH_REF
from tests.support.archives import read_git


def damage_health(archive: Archive, *positions: int) -> str:
    """Give the commits at these positions the file of the last one; return the new end of the branch."""
    names = read_git(archive.root, "rev-list", "--reverse", HEALTH_REF).split()
    tip = ""
    for position, name in enumerate(names):
        source = names[-1] if position in positions else name
        tree = read_git(archive.root, "rev-parse", f"{source}^{{tree}}")
        message = f"{read_git(archive.root, 'log', '-1', '--format=%B', name)}\nStands-For: {name}\n"
        parent = ["-p", tip] if tip else []
        date = read_git(archive.root, "log", "-1", "--format=%aI", name)
        tip = archive.run_git("commit-tree", tree, *parent, "-m", message, env={"GIT_AUTHOR_DATE": date})
    archive.run_git("update-ref", HEALTH_REF, tip)
    return tip
