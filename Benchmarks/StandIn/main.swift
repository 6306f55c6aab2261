import Glibc

// StandIn worker NAME silent|ready|reports FIFO: what every supervisor of the benchmark looks after. It writes its
// name, its number and the time at which its own code began to run to FIFO, and then waits to be ended. Descriptor 3 is
// the line to the station's supervisor, which wants to be told when a worker is ready, and once a second how it goes:
// `ready` tells the one, `reports` both.
//
// It uses nothing but the C library, so that starting it costs all of them the same and little.

func stamp(_ arguments: [String]) {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    let line = "\(arguments[2]) \(getpid()) \(now.tv_sec * 1_000_000_000 + now.tv_nsec)\n"
    // Nobody may be reading any more: then there is nobody to tell.
    let fifo = open(arguments[4], O_WRONLY | O_NONBLOCK | O_CLOEXEC)
    guard fifo >= 0 else { return }
    _ = line.withCString { write(fifo, $0, strlen($0)) }
    close(fifo)
}

func say(_ method: String, _ parameters: String) {
    let line = "{\"jsonrpc\":\"2.0\",\"method\":\"\(method)\",\"params\":{\(parameters)}}\n"
    _ = line.withCString { send(3, $0, strlen($0), Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) }
}

/// Returns when the supervisor asks for the end or is gone.
func work(reports: Bool) {
    say("ready", "\"version\":\"stand-in\"")
    var progress = 0
    var line = pollfd(fd: 3, events: Int16(POLLIN), revents: 0)
    while poll(&line, 1, reports ? 1000 : -1) == 0 {
        progress += 1
        say(
            "report",
            "\"progress\":\(progress),\"activity\":\"encoding, 12 s of cushion\",\"on_air\":true,"
                + "\"now_playing\":{\"title\":\"Monsoon raga 12\",\"prompt_index\":1,\"number\":12,"
                + "\"source\":\"buffer\",\"elapsed_seconds\":\(progress),\"seconds\":3600,"
                + "\"between_prompts\":false},\"lateness_seconds\":0.0012")
    }
}

let arguments = CommandLine.arguments
guard arguments.count == 5 else { exit(64) }
stamp(arguments)
while arguments[3] == "silent" { pause() }
work(reports: arguments[3] == "reports")
