"""Owns the texts of the inspector's look inside a Pod: (English, Simplified Chinese). Part of texts.py."""

INSIDE: dict[str, tuple[str, str]] = {
    "inside.nothing": ("No node has a sandbox of this Pod: there is nothing to look into.", "没有节点拥有此 Pod 的沙箱：无内部可看。"),
    "inside.probe": ("{kind} probe: {n} answers, the last at {at}: {result} ×{run}", "{kind} 探针：共 {n} 次应答，最近一次在 {at}：{result} ×{run}"),
    "inside.probe_none": ("{kind} probe: no answer yet", "{kind} 探针：尚无应答"),
    "inside.probe_success": ("success", "成功"),
    "inside.probe_failure": ("failure", "失败"),
    "inside.no_log": ("Nothing was written to the log.", "日志中没有内容。"),
    "inside.log_of": ("Log of {name}", "{name} 的日志"),
    "inside.earlier": ("{n} more lines", "另有 {n} 行"),
    "inside.shell": ("open a shell", "打开 shell"),
    "inside.own_files": ("Files that it changed: {n}", "它改动的文件：{n}"),
    "inside.no_files": ("No files yet.", "还没有文件。"),
    "inside.read_only": ("read-only", "只读"),
    "inside.bytes": ("{n} bytes", "{n} 字节"),
    "inside.files_now": ("Logs end at this step; files and processes are as they are now.", "日志止于这一步；文件与进程为当前状态。"),
}
