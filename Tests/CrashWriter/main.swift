import Buffer
import Domain
import FoundationEssentials
import Glibc
import Platform

// A process for BufferTests to kill: CrashWriter ROOT MODE [LOG [MICROSECONDS]]. What it says in LOG it says after it is done, so
// whatever stands there must be true of the Buffer for ever after.

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    print("usage: CrashWriter ROOT MODE [LOG [MICROSECONDS]]")
    exit(ExitCode.usage.rawValue)
}
let microseconds = arguments.count > 4 ? Int(arguments[4]) : nil
do {
    let writer = try Writer(root: arguments[1], log: arguments.count > 3 ? arguments[3] : "/dev/null")
    switch arguments[2] {
    case "append": try writer.append()
    case "consume": try writer.consume()
    case "commit-once": try writer.commitOnce(killedAfterMicroseconds: microseconds)
    case "consume-once": try writer.consumeOnce(killedAfterMicroseconds: microseconds)
    case "import-once": try writer.importOnce(killedAfterMicroseconds: microseconds)
    case "hold": try writer.hold()
    case "fill": try writer.fill()
    case "rlimit": try writer.writeUnderFileSizeLimit()
    case "open": print("opened")
    default: exit(ExitCode.usage.rawValue)
    }
} catch {
    print("failed: \(error)")
    exit(ExitCode.tryAgain.rawValue)
}
