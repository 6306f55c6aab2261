internal import Config
internal import Platform
internal import Synchronization

/// One configured renderer, and what is known of it.
final class Renderer: Sendable {
    let client: RendererClient
    private let schedule: BreakerSchedule
    private let clock: any StationClock
    private let known = Mutex(Known())

    private struct Known {
        /// What it said last.
        var health: RendererHealth?
        /// When that was; -infinity when it failed since.
        var askedAt = -Double.infinity
        var breaker = Breaker()
        /// Seconds of music a second, fetching included; nil until something came from there.
        var speed: Double?
    }

    init(client: RendererClient, schedule: BreakerSchedule, clock: any StationClock) {
        self.client = client
        self.schedule = schedule
        self.clock = clock
    }

    var name: String { client.config.name }
    var health: RendererHealth? { known.withLock { $0.health } }
    var speed: Double? { known.withLock { $0.speed } }
    var batchMax: Int { min(max(health?.batchMax ?? 1, 1), 64) }
    var continues: Bool { health?.continues ?? false }
    var restSeconds: Double { known.withLock { max(0, $0.breaker.openUntil - clock.monotonicSeconds) } }
    /// The last failure, in words; nil when it does well.
    var why: String? { known.withLock { $0.breaker.why } }

    /// It may be asked for tracks.
    var isUsable: Bool { restSeconds <= 0 && known.withLock { $0.askedAt > -.infinity } }

    /// Asks how it is, unless it rests, or was asked a moment ago. What goes wrong makes it rest.
    func refresh(maxAgeSeconds: Double, isCancelled: () -> Bool) {
        let now = clock.monotonicSeconds
        let isFresh = known.withLock { $0.health != nil && now - $0.askedAt < maxAgeSeconds }
        if isFresh || restSeconds > 0 { return }
        do throws(RendererError) {
            let health = try client.health(isCancelled: isCancelled)
            known.withLock {
                $0.health = health
                $0.askedAt = now
            }
        } catch {
            if error != .cancelled { fail(error) }
        }
    }

    func fail(_ error: RendererError) {
        let now = clock.monotonicSeconds
        var schedule = schedule
        // It says itself when to come again.
        if case .busy(let seconds, _) = error { schedule.firstRestSeconds = seconds }
        let failing = schedule
        known.withLock {
            $0.breaker.recordFailure(why: "\(error)", now: now, schedule: failing)
            $0.askedAt = -.infinity
        }
    }

    /// - Parameter seconds: of music.
    func succeed(made seconds: Double, tookSeconds: Double) {
        let factor = seconds / max(tookSeconds, 0.001)
        known.withLock {
            $0.breaker.recordSuccess()
            $0.speed = $0.speed.map { $0 * 0.7 + factor * 0.3 } ?? factor
        }
    }
}
