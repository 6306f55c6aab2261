import Glibc
import Platform

// A service for PlatformTests to start beside a service manager: NotifyWriter COMMAND [ARGUMENT]. It does what
// COMMAND says and prints what it learnt, a line each.

let arguments = CommandLine.arguments
/// Taken here as a service must: before anything else has opened a descriptor.
let kept = DescriptorStore.taken()
switch arguments.dropFirst().first {
case "life":
    ServiceNotification.extendTimeout(seconds: 1.5)
    ServiceNotification.status("on air:\nMonsoon Raga")
    ServiceNotification.ready()
    ServiceNotification.reloading()
    ServiceNotification.watchdog()
    ServiceNotification.stopping()
case "managed":
    print(ServiceNotification.isManaged, ServiceNotification.watchdogSeconds.map { "\($0)" } ?? "nil")
case "keep":
    print(DescriptorStore.keep(0, name: arguments[2]))
case "drop":
    DescriptorStore.drop(name: arguments[2])
case "taken":
    for (name, descriptor) in kept {
        let text = (try? descriptor.read(upTo: 100)).map { String(decoding: $0, as: UTF8.self) } ?? "unreadable"
        print(name, descriptor.number, fcntl(descriptor.number, F_GETFD) & FD_CLOEXEC != 0, text)
    }
    print(getenv("LISTEN_FDS") == nil, DescriptorStore.taken().count)
case "job":
    print(ServiceJob.pendingType(timeoutSeconds: 1) ?? "nil")
case "serve":
    // Ready, then the type of the job that ends it, in words on standard error.
    let signals = try SignalFeed([SIGTERM, SIGHUP])
    let readiness = try Readiness()
    try readiness.watch(signals.descriptor, key: 0, for: .readable)
    ServiceNotification.ready()
    while true {
        _ = readiness.wait(seconds: 60)
        guard let signal = signals.next() else { continue }
        Log.info("signal \(signal), job \(ServiceJob.pendingType(timeoutSeconds: 2) ?? "nil")")
        if signal == SIGTERM { break }
    }
default:
    print("usage: NotifyWriter life|managed|keep NAME|drop NAME|taken|job|serve")
    exit(64)
}
