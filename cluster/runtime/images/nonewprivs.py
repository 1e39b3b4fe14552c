"""nonewprivs: says which user it runs as. Its file belongs to root and is set to run as its owner, which `no_new_privs` forbids.

Source: kubernetes test/images/nonewprivs; pkg/securitycontext/util.go (AddNoNewPrivileges).
"""

from cluster.runtime.image import Act, Image
from cluster.runtime.programs import Running


def nnp(me: Running) -> Act:
    me.say(f"Effective uid: {me.process.user if me.process.no_new_privileges else 0}")
    return Act(code=0)


IMAGE = Image(
    repositories=("registry.k8s.io/e2e-test-images/nonewprivs",),
    size_bytes=0,
    command=("nnp",),
    exit_codes={},
    programs={"nnp": nnp},
)
