internal import Config
internal import Domain
internal import IPC
internal import Platform

/// One station as a command reaches it.
struct StationControl: Sendable {
    let socket: String

    init(_ station: StationOptions) throws(ConfigError) { socket = try station.paths().controlSocket }

    init(socket: String) { self.socket = socket }

    func connect() throws(ControlError) -> ControlClient {
        do throws(SystemError) {
            return try ControlClient(path: socket)
        } catch { throw ControlError(error, socket: socket) }
    }

    /// Asks one question on a connection of its own.
    func ask<Answer>(_ question: (ControlClient) throws(WireError) -> Answer) throws(ControlError) -> Answer {
        let client = try connect()
        defer { client.close() }
        do throws(WireError) {
            return try question(client)
        } catch { throw ControlError(error) }
    }

    /// Waits until a change is done or has failed, over a restart of the supervisor too, whose numbers go on.
    /// - Returns: what is known when that, or the time, has come.
    func outcome(
        of operation: OperationStatus, timeoutSeconds: Double, clock: any StationClock
    ) throws(ControlError) -> OperationStatus {
        let deadline = clock.monotonicSeconds + timeoutSeconds
        var known = operation
        while known.state == .running {
            let left = deadline - clock.monotonicSeconds
            if left <= 0 { break }
            do throws(ControlError) {
                known = try ask { client throws(WireError) in
                    try client.wait(for: operation.operation, seconds: left)
                }
            } catch {
                switch error {
                case .lost, .notRunning: clock.sleep(seconds: min(0.5, left))
                default: throw error
                }
                if clock.monotonicSeconds >= deadline { throw error }
            }
        }
        return known
    }
}
