"""The notation: what each sign on the stage stands for, in both languages, and what its row rings while it is pointed at."""


def _row(name: tuple[str, str], text: tuple[str, str], **drawing: str) -> dict:
    return {**drawing, "name": {"en": name[0], "zh": name[1]}, "text": {"en": text[0], "zh": text[1]}}


NOTATION: list[dict] = [
    _row(("Pod outline, dashed", "Pod 虚线轮廓"), ("phase Pending", "阶段 Pending"), outline="pending", ring={"phase": "Pending"}),
    _row(("Pod outline, solid", "Pod 实线轮廓"), ("phase Running", "阶段 Running"), outline="running", ring={"phase": "Running"}),
    _row(("Pod outline, thick grey", "Pod 粗灰轮廓"), ("phase Succeeded", "阶段 Succeeded"), outline="succeeded", ring={"phase": "Succeeded"}),
    _row(("Pod outline, thick red", "Pod 粗红轮廓"), ("phase Failed", "阶段 Failed"), outline="failed", ring={"phase": "Failed"}),
    _row(
        ("Pod outline, purple dots", "Pod 紫色点线轮廓"),
        ("being deleted, whatever its phase; the ring counts the grace period", "正在被删除（与阶段无关）；圆环为宽限期倒计时"),
        outline="gone",
        ring={"part": "gone"},
    ),
    _row(("Running", "Running"), ("all containers ready", "全部容器就绪"), glyph="running", tone="ok", ring={"glyph": "running"}),
    _row(
        ("Running, not ready", "Running，未就绪"),
        ("not all containers ready", "并非全部容器就绪"),
        glyph="notready",
        tone="ok",
        ring={"glyph": "notready"},
    ),
    _row(
        ("Pending", "Pending"), ("no node yet, or nothing started", "尚无节点，或尚未启动"), glyph="pending", tone="wait", ring={"glyph": "pending"}
    ),
    _row(
        ("ContainerCreating", "ContainerCreating"),
        ("the kubelet is making the sandbox and containers", "kubelet 正在创建沙箱与容器"),
        glyph="creating",
        tone="wait",
        ring={"glyph": "creating"},
    ),
    _row(
        ("CrashLoopBackOff, ErrImagePull", "CrashLoopBackOff、ErrImagePull"),
        ("it waits before it tries again; the red ring counts", "等待后重试；红色圆环为倒计时"),
        glyph="trouble",
        tone="bad",
        ring={"glyph": "trouble"},
    ),
    _row(
        ("Failed, Error, Evicted", "Failed、Error、Evicted"),
        ("it has ended badly", "以失败告终"),
        glyph="failed",
        tone="bad",
        ring={"glyph": "failed"},
    ),
    _row(("Completed", "Completed"), ("it has ended well", "正常结束"), glyph="completed", tone="none", ring={"glyph": "completed"}),
    _row(
        ("Terminating", "Terminating"),
        ("deletionTimestamp is set; it stays until its object is gone", "已设置 deletionTimestamp；对象消失前它一直存在"),
        glyph="terminating",
        tone="gone",
        ring={"glyph": "terminating"},
    ),
    _row(
        ("Plate", "底板"),
        ("the pause container and the Pod's IP; no plate, no sandbox yet", "pause 容器与 Pod 的 IP；没有底板表示尚无沙箱"),
        sign="❚❚",
        ring={"part": "plate"},
    ),
    _row(
        ("Pip, dashed", "虚线圆点"), ("an init container that waits for those before it", "等待前面各个的初始化容器"), sign="◌", ring={"pip": "waits"}
    ),
    _row(("Pip, blue number", "蓝色数字圆点"), ("the init container that runs now", "正在运行的初始化容器"), sign="❶", ring={"pip": "runs"}),
    _row(
        ("Pip, tick", "打勾圆点"),
        ("an init container that has ended well; with a loop: a sidecar that has started", "正常结束的初始化容器；带环箭头：已启动的 sidecar"),
        sign="✓",
        ring={"pip": "done"},
    ),
    _row(
        ("Pip, cross", "打叉圆点"),
        ("an init container that failed: the next ones do not start", "失败的初始化容器：后面的不会启动"),
        sign="✖",
        ring={"pip": "failed"},
    ),
    _row(
        ("Dotted container", "点线容器"),
        ("an ephemeral container, as kubectl debug makes it", "临时容器，由 kubectl debug 创建"),
        sign="┈",
        ring={"part": "ephemeral"},
    ),
    _row(
        ("Bar above the plate", "底板上方的横条"),
        (
            "a volume, with a tick to each container that mounts it; double-ruled: a claim, which outlives the Pod",
            "卷，竖线通向挂载它的容器；双线：PVC，比 Pod 存在得更久",
        ),
        sign="▬",
        ring={"part": "volume"},
    ),
    _row(
        ("S, L, R in a ring", "圆环中的 S、L、R"),
        (
            "probes: startup, liveness, readiness; dashed: no result yet, green: success, red and struck: failure",
            "探针：启动、存活、就绪；虚线：尚无结果，绿：成功，红色划线：失败",
        ),
        sign="Ⓡ",
        ring={"part": "probe"},
    ),
    _row(
        ("Widening ring at a letter", "字母处扩散的圆环"),
        ("a probe has just had an answer; it goes on without a step while it says the same", "探针刚得到应答；结果不变时不再单独成步"),
        sign="◎",
        ring={"part": "probe"},
    ),
    _row(
        ("Red ring, seconds", "带秒数的红环"),
        ("back-off: so long until the container is started again", "退避：距容器下次启动的时间"),
        sign="⑩",
        ring={"part": "backoff"},
    ),
    _row(
        ("Squares at a node's right", "节点右侧的方块"),
        (
            "its images: full: present, dashed: absent, filling from below: being pulled; the container shows the same pull as a bar",
            "节点上的镜像：实心：已有，虚线：没有，自下而上填充：正在拉取；容器底部的横条是同一次拉取",
        ),
        sign="▤",
        ring={"part": "pull"},
    ),
    _row(("Restarts", "重启"), ("how often the container was started anew", "容器重新启动的次数"), sign="↻3", ring={"part": "restarts"}),
    _row(
        ("Squares", "方格"),
        (
            "a Pod each: full: available, half: ready, outline: made, dotted: still missing; the line: so many are wanted",
            "每格一个 Pod：实心：可用，半格：就绪，空框：已创建，点线：尚缺；竖线：期望数目",
        ),
        sign="■■□",
        ring={"drawing": "squares"},
    ),
    _row(
        ("Rule of a Deployment", "Deployment 的标尺"),
        (
            "from none to the most Pods at once (surge); the mark: as many as must be available; green: so many are",
            "从零到同时允许的最多 Pod（surge）；刻线：必须可用的数目；绿色：当前可用的数目",
        ),
        sign="├┼┤",
        ring={"drawing": "rollout"},
    ),
    _row(
        ("Ordinals", "序号"),
        (
            "a StatefulSet's Pods: full: ready, of the newest template; thick ring: of an earlier one; dashed: nobody; double rule: its claim",
            "StatefulSet 的 Pod：实心：就绪且出自最新模板，粗环：较早模板，虚线：空缺；双线：其声明",
        ),
        sign="⓪①",
        ring={"drawing": "ordinals"},
    ),
    _row(
        ("Indexes", "索引"),
        (
            "a Job's completions: grey: done, green: at work, crossed: failed, dotted: still to come",
            "Job 的完成项：灰：完成，绿：进行中，打叉：失败，点线：未开始",
        ),
        sign="■■□",
        ring={"drawing": "completions"},
    ),
    _row(("Dial", "表盘"), ("a CronJob: the ring closes at the next run", "CronJob：圆环合拢时即下次运行"), sign="◔", ring={"drawing": "dial"}),
    _row(
        ("Meter", "仪表"),
        (
            "an autoscaler: what is measured, the mark is its target; below, the Pods there are (dot) and shall be (ring)",
            "自动扩缩器：测得的量，刻线为目标；下方为现有 Pod 数（点）与应有数（环）",
        ),
        sign="▬┃",
        ring={"drawing": "meter"},
    ),
    _row(
        ("Gate", "闸门"),
        ("a disruption budget: open while a Pod may be evicted; below, who asked last", "中断预算：尚可驱逐时打开；下方为最近的请求者"),
        sign="╱ │",
        ring={"drawing": "gate"},
    ),
    _row(
        ("Stamp on a node", "节点上的印记"),
        (
            "the scheduler's verdict: ✓ passes every filter, with its score; ✖ the plugin that refuses it",
            "调度器的判定：✓ 通过全部过滤，附得分；✖ 拒绝它的插件",
        ),
        sign="✓✖",
    ),
    _row(
        ("Number on a controller", "控制器上的数字"),
        ("so many keys wait in its queue; heavy outline: it has worked lately", "队列中等待的键的数目；粗框：近来工作过"),
        sign="❷",
    ),
    _row(
        ("▲ beside a node's name", "节点名旁的 ▲"),
        ("memory, disk or process numbers run out there, as its kubelet reports", "该节点的内存、磁盘或进程数告急，由 kubelet 上报"),
        sign="▲",
    ),
    _row(
        ("web → 2 at kube-proxy", "kube-proxy 处的 web → 2"),
        ("the rules written last: the Service's address leads to so many endpoints", "最近写入的规则：该 Service 的地址通往这么多端点"),
        sign="→2",
    ),
    _row(
        ("web ✓ at CoreDNS", "CoreDNS 处的 web ✓"),
        ("the name asked for last, and whether it was found", "最近查询的名称，以及是否找到"),
        sign="✓",
    ),
    _row(
        ("Dashed box, “off”", "虚线框，“已停止”"),
        ("a component that is switched off: what it held in memory is lost", "已停止的组件：内存中的内容已丢失"),
        sign="┅",
        ring={"off": "all"},
    ),
    _row(("Tag", "消息签"), ("create", "创建"), sign="+", ring={"sign": "+"}),
    _row(("Tag", "消息签"), ("update", "更新"), sign="=", ring={"sign": "="}),
    _row(("Tag", "消息签"), ("patch", "修补"), sign="±", ring={"sign": "±"}),
    _row(("Tag", "消息签"), ("delete", "删除"), sign="×", ring={"sign": "×"}),
    _row(("Tag", "消息签"), ("get or list", "读取或列举"), sign="?", ring={"sign": "?"}),
    _row(("Tag", "消息签"), ("a watch event: ADDED, MODIFIED, DELETED", "监视事件：ADDED、MODIFIED、DELETED"), sign="◦", ring={"sign": "◦"}),
    _row(("Tag", "消息签"), ("a call to the container runtime", "对容器运行时的调用"), sign="▲", ring={"sign": "▲"}),
    _row(("Timeline", "时间线"), ("something that you did", "你做的事"), marker="user"),
    _row(("Timeline", "时间线"), ("a write through the API", "经 API 的写入"), marker="write"),
    _row(("Timeline", "时间线"), ("a watch delivers", "监视送达"), marker="watch"),
    _row(("Timeline", "时间线"), ("a CRI call", "CRI 调用"), marker="cri"),
    _row(("Timeline", "时间线"), ("a status changes", "状态变化"), marker="status"),
    _row(("Timeline", "时间线"), ("a warning", "警告"), marker="warning"),
    _row(("Timeline, ⏩", "时间线上的 ⏩"), ("a wait that was cut short, and how long it was in truth", "被压缩的等待，以及它的真实时长"), sign="⏩"),
]
