import FoundationEssentials
import Glibc
import Platform

// A stand-in for SupervisorTests, which kill it and the supervisor above it at will:
// BadWorker station ROOT [KEY=VALUE ...]   the real supervisor, with this program as its every worker
// BadWorker worker NAME ROOT               a worker that does what ROOT/steps/NAME says, see `BadWorker`
// BadWorker child ROOT KIND                what a worker leaves behind

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "station" where arguments.count > 2:
    do {
        exit(try BadStation(root: arguments[2], settings: Array(arguments.dropFirst(3))).run())
    } catch {
        Log.error("\(error)")
        exit(1)
    }
case "worker" where arguments.count > 3:
    BadWorker(name: arguments[2], root: arguments[3]).run()
case "child" where arguments.count > 3:
    LeftBehind(root: arguments[2], kind: arguments[3]).run()
default:
    print("usage: BadWorker station ROOT [KEY=VALUE ...]")
    exit(64)
}
