import Domain

extension StationStatus {
    /// A station with one of everything that can be wrong.
    static func make() -> StationStatus {
        StationStatus(
            version: "0.2.0", mode: .full, uptimeSeconds: 93_784, onAir: true, sentence: "on air: Monsoon Raga",
            workers: [
                WorkerStatus(
                    name: "encoder", state: "running", pid: 4711, generation: 1, uptimeSeconds: 93_000,
                    residentBytes: 182_000_000, cpuPercent: 11.2, openFiles: 41, threads: 19, progressPerSecond: 30,
                    activity: "on air", otherVersion: "0.1.0"),
                WorkerStatus(
                    name: "generator/2", state: "quarantined", generation: 9, restarts: 8, nextStartSeconds: 271.4,
                    lastExit: "signal 11 (Segmentation fault)"),
            ],
            destinations: [
                DestinationStatus(name: "youtube", state: "sending", bitsPerSecond: 2_660_000),
                DestinationStatus(name: "backup", state: "waiting", trouble: "connection refused"),
            ],
            load: LoadStatus(
                cpuPercent: 97.3, loadAverage: 8.41, pressurePercent: 31.2, latenessSeconds: 0.012, throttleLevel: 2,
                throttle: "cpu pressure 31 %: generators rest 30 s"))
    }
}
