import Foundation
import Glibc
import IPC
import Platform

// A plug-in for BackendsTests and GeneratorTests that misbehaves as it is told:
// BadPlugin MODE [DETAIL]      see `BadPlugin`
// BadPlugin left-behind        what one of its modes starts and leaves

let arguments = CommandLine.arguments
let environment = ProcessInfo.processInfo.environment
let mode = arguments.dropFirst().first ?? "good"
if mode == "left-behind" {
    while true { pause() }
}
guard let number = environment["LOFISUP_PLUGIN_FD"].flatMap({ Int32($0) }) else {
    print("this is a plug-in of lofisup: it is started by the station")
    exit(64)
}
Orphans.ignoreBrokenPipes()
let detail = arguments.count > 2 ? arguments[2] : ""
let socket = FileDescriptor(owning: number)
BadPlugin(mode: mode, detail: detail, socket: socket, environment: environment, program: arguments[0]).run()
