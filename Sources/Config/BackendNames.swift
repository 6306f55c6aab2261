// What [generator] backends and [[backends]] must agree on.
extension StationConfig {
    /// Every name that `[generator] backends` may hold.
    public var knownBackends: [String] { GeneratorConfig.builtInBackends + backends.map(\.name) }

    func backendContradictions() -> [Contradiction] {
        doubledBackends() + unknownBackends() + refusedBackends()
    }

    private func doubledBackends() -> [Contradiction] {
        var seen: [String: Int] = [:]
        return backends.enumerated().compactMap { index, backend in
            guard let first = seen[backend.name] else {
                seen[backend.name] = index
                return nil
            }
            return Contradiction(
                "backends[\(index)].name", "backends[\(first)].name",
                reason: "both are \"\(backend.name)\"; give each backend a name of its own")
        }
    }

    private func unknownBackends() -> [Contradiction] {
        generator.backends.filter { !knownBackends.contains($0) }.map { name in
            Contradiction(
                "generator.backends",
                reason: "there is no backend \(Manual.quoted(name)); known: \(knownBackends.joined(separator: ", "))."
                    + " A program of your own is a [[backends]]")
        }
    }

    private func refusedBackends() -> [Contradiction] {
        guard station.monetised else { return [] }
        let refused = generator.backends.filter { name in
            GeneratorConfig.nonCommercialBackends.contains(name)
                || backends.contains { $0.name == name && $0.isKnownNonCommercial }
        }
        return refused.map { name in
            Contradiction(
                "station.monetised", "generator.backends",
                reason: "the weights of \(name) are CC-BY-NC 4.0, which a channel that earns money may not use;"
                    + " remove \(name) from backends, or set monetised = false if it earns nothing")
        }
    }
}
