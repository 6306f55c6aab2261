public import Config

extension AdmissionRules {
    /// The rules that a configuration asks for.
    public init(_ config: GeneratorConfig) {
        self.init()
        loudnessLufs = config.loudnessLufs
        truePeakCeilingDbtp = config.truePeakDbtp
    }
}
