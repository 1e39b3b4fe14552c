"""The words of the page's terminal, in English and Simplified Chinese; webui.texts holds them with the others."""

TERMINAL: dict[str, tuple[str, str]] = {
    "terminal.title": ("Terminal", "终端"),
    "terminal.keys": ("Tab completes · Esc leaves", "Tab 补全 · Esc 离开"),
    "terminal.label": (
        "Terminal. Type kubectl commands; Esc leaves it, then Tab moves on.",
        "终端。在此输入 kubectl 命令；按 Esc 离开，再按 Tab 前往下一处。",
    ),
    "terminal.empty": (
        "Apply a manifest, or type kubectl get pods and press Enter. help tells what there is.",
        "应用一份清单，或输入 kubectl get pods 后按 Enter。输入 help 查看可用命令。",
    ),
    "terminal.loading": ("Loading the terminal.", "正在加载终端。"),
    "terminal.offline": ("The terminal is not connected. The next key connects it again.", "终端未连接。再按一个键即可重新连接。"),
    "terminal.held": (
        "{verb} sent · time is held, the reply comes when you have stepped to it",
        "{verb} 已发出 · 时间已暂停，步进到应答时它才会到来",
    ),
    "terminal.opened": ("{name} is open in the editor", "已在编辑器中打开 {name}"),
    "terminal.help": (
        "kubectl …            the real kubectl 1.36, on this sandbox. Files are the editor's tabs.\n"
        "ls · cat FILE        the editor's files\n"
        "vim FILE             opens a file in the editor\n"
        "watch kubectl …      again every two seconds\n"
        "ssh NODE · exit      go to a node and back; there: ctr -n=k8s.io images ls\n"
        "                     ctr -n=k8s.io images import nginx.tar.gz\n"
        "… | grep · head · tail · wc · sort\n"
        "clear · help         Tab completes, arrows recall, Ctrl+C stops, Esc leaves",
        "kubectl …            真正的 kubectl 1.36，连接此沙箱。文件即编辑器中的标签页。\n"
        "ls · cat FILE        编辑器中的文件\n"
        "vim FILE             在编辑器中打开文件\n"
        "watch kubectl …      每两秒重复一次\n"
        "ssh NODE · exit      登录节点与退出；登录后可用：ctr -n=k8s.io images ls\n"
        "                     ctr -n=k8s.io images import nginx.tar.gz\n"
        "… | grep · head · tail · wc · sort\n"
        "clear · help         Tab 补全，方向键找回命令，Ctrl+C 停止，Esc 离开",
    ),
    "terminal.not_found": ("{command}: command not found. help tells what there is.", "{command}：找不到命令。输入 help 查看可用命令。"),
    "terminal.no_filter": (
        "{command}: not here. A pipe may go to grep, head, tail, wc or sort.",
        "{command}：此处不可用。管道之后可用 grep、head、tail、wc、sort。",
    ),
    "terminal.filter_option": ("{command}: unknown option {option}", "{command}：未知选项 {option}"),
    "terminal.filter_usage": ("usage: {usage}", "用法：{usage}"),
    "terminal.bad_number": ("“{text}” is no number", "“{text}”不是数字"),
    "terminal.bad_pattern": ("grep: the pattern is not complete", "grep：表达式不完整"),
    "terminal.pattern_too_long": ("grep: the pattern is too large", "grep：表达式过大"),
    "terminal.line_too_long": ("The line is too long: at most {most}.", "命令行过长：最多 {most}。"),
    "terminal.too_many_pipes": ("Too many pipes: at most {most} commands.", "管道过多：最多 {most} 个命令。"),
    "terminal.empty_pipe": ("There is no command on one side of |.", "| 的一侧没有命令。"),
    "terminal.open_quote": ("A quote is not closed.", "引号没有闭合。"),
    "terminal.operator": (
        "“{operator}” is not known here: this terminal runs commands and pipes, it is no shell.",
        "此处不支持“{operator}”：这个终端只运行命令与管道，并不是 shell。",
    ),
    "terminal.no_file": ("{command}: {name}: no such file in the editor", "{command}：编辑器中没有文件 {name}"),
    "terminal.no_path": (
        "“{path}” is not a file of this folder. Files here are the editor's tabs; addresses and other folders are not read.",
        "“{path}”不是此文件夹中的文件。这里的文件就是编辑器的标签页，不会读取网址或其他文件夹。",
    ),
    "terminal.no_command": ("kubectl {command} is not available in this terminal.", "此终端不提供 kubectl {command}。"),
    "terminal.no_flag": ("The flag {flag} is not available in this terminal.", "此终端不提供参数 {flag}。"),
    "terminal.bad_dashes": ("Write the value of the flag before -- with “=”.", "请用“=”写出 -- 之前参数的值。"),
    "terminal.no_edit": (
        "kubectl edit needs an editor of this machine. Change the file in the editor and apply it, or use kubectl patch.",
        "kubectl edit 需要本机的编辑器。请在页面的编辑器中修改文件再应用，或使用 kubectl patch。",
    ),
    "terminal.no_port": (
        "kubectl {command} would open a port on the server's machine. Use it from your own shell, with the kubeconfig.",
        "kubectl {command} 会在服务器上打开端口。请下载 kubeconfig，在自己的 shell 中使用。",
    ),
    "terminal.no_plugin": ("Plugins are programs of this machine and do not run here.", "插件是本机上的程序，不在此运行。"),
    "terminal.no_kustomize": (
        "kustomize reads other folders and addresses, so it does not run here.",
        "kustomize 会读取其他文件夹与网址，因此不在此运行。",
    ),
    "terminal.too_many_sessions": ("Too many terminals are open on this server. Close one.", "此服务器上打开的终端过多，请关闭一个。"),
    "terminal.too_many_processes": ("Too many commands run on this server. Stop one first.", "此服务器上运行的命令过多，请先停止一个。"),
    "terminal.files_too_large": ("The editor's files are too large for the terminal.", "编辑器中的文件过大，终端无法使用。"),
    "terminal.output_cut": ("More than {most} million characters: stopped.", "输出超过 {most} 百万字符：已停止。"),
    "terminal.idle": ("Nothing came for {minutes} minutes: stopped.", "{minutes} 分钟没有输出：已停止。"),
    "terminal.broken": ("The terminal failed: {text}", "终端出错：{text}"),
    "terminal.which_node": (
        "Which node? ssh NODE first, or ctr --node=NODE. There are {nodes}.",
        "哪个节点？先运行 ssh NODE，或使用 ctr --node=NODE。现有 {nodes}。",
    ),
    "terminal.ctr_usage": ("usage: ctr -n=k8s.io images ls | import FILE", "用法：ctr -n=k8s.io images ls | import FILE"),
    "terminal.ctr_namespace": (
        "containerd's namespace {namespace} is not the kubelet's: it sees only what lies in k8s.io. Write ctr -n=k8s.io.",
        "containerd 的命名空间 {namespace} 并非 kubelet 所用：kubelet 只看得到 k8s.io 中的镜像。请写 ctr -n=k8s.io。",
    ),
    "terminal.no_archive": ("ctr: {name}: no such archive on this node. There are {archives}.", "ctr：此节点上没有归档 {name}。现有 {archives}。"),
}
