/// What the measuring filters of ffmpeg print at the end of a run.
struct FFmpegReport {
    private let lines: [Substring]

    init(_ stderr: String) { lines = stderr.split(whereSeparator: \.isNewline) }

    /// EBU R 128, integrated, in LUFS; -70 when nothing was loud enough to count.
    var integratedLufs: Double? { summary("I:") }

    /// In dBTP.
    var truePeakDbtp: Double? { summary("Peak:") }

    /// A value of `astats`, over all channels. NaN and infinities are values.
    func overall(_ key: String) -> Double? {
        guard let overall = lines.lastIndex(where: { $0.hasPrefix("[Parsed_astats") && $0.hasSuffix("] Overall") })
        else { return nil }
        return lines[overall...].lazy.compactMap { Self.astats($0, key) }.first
    }

    /// A value of `astats` for each channel.
    func perChannel(_ key: String) -> [Double] {
        let end = lines.lastIndex { $0.hasPrefix("[Parsed_astats") && $0.hasSuffix("] Overall") } ?? lines.endIndex
        return lines[..<end].compactMap { Self.astats($0, key) }
    }

    /// Stretches that `silencedetect` found. One that lasts to the end ends at `end`.
    func silences(end: Double) -> [(at: Double, seconds: Double)] {
        var found: [(at: Double, seconds: Double)] = []
        var start: Double?
        for line in lines where line.hasPrefix("[silencedetect") {
            if let at = Self.number(after: "silence_start: ", in: line) { start = max(0, at) }
            if let until = Self.number(after: "silence_end: ", in: line), let at = start {
                found.append((at, until - at))
                start = nil
            }
        }
        if let start, end > start { found.append((start, end - start)) }
        return found
    }

    /// `[Parsed_astats_0 @ 0x...] DC offset: 0.000186`
    private static func astats(_ line: Substring, _ key: String) -> Double? {
        guard line.hasPrefix("[Parsed_astats") else { return nil }
        return number(after: "] \(key): ", in: line)
    }

    /// `    I:         -10.4 LUFS`, below the line `[Parsed_ebur128_0 @ 0x...] Summary:`
    private func summary(_ key: String) -> Double? {
        guard let start = lines.lastIndex(where: { $0.hasPrefix("[Parsed_ebur128") && $0.hasSuffix("Summary:") })
        else { return nil }
        for line in lines[start...] {
            let words = line.split(separator: " ")
            if words.count == 3, words[0] == key { return Double(words[1]) }
        }
        return nil
    }

    private static func number(after key: String, in line: Substring) -> Double? {
        guard let place = line.firstRange(of: key) else { return nil }
        return line[place.upperBound...].split(separator: " ").first.flatMap { Double($0) }
    }
}
