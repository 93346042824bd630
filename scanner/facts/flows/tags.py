"""The names of Azure's service tags. Source: Microsoft's page on them; a name that is not here is in doubt, never ignored."""

from __future__ import annotations

from typing import Final

__all__ = ["SERVICE_TAGS", "spelled"]

_NAMES: Final = """
ActionGroup ApiManagement ApplicationInsightsAvailability AppConfiguration AppService AppServiceManagement
AutonomousDevelopmentPlatform AzureActiveDirectory AzureActiveDirectoryDomainServices AzureAdvancedThreatProtection
AzureArcInfrastructure AzureAttestation AzureBackup AzureBotService AzureCloud AzureCognitiveSearch AzureConnectors
AzureContainerAppsService AzureContainerRegistry AzureCosmosDB AzureDatabricks AzureDataExplorerManagement AzureDeviceUpdate
AzureDevOps AzureDigitalTwins AzureEventGrid AzureFrontDoor AzureHealthcareAPIs AzureInformationProtection AzureIoTHub
AzureKeyVault AzureLoadBalancer AzureLoadTestingInstanceManagement AzureMachineLearning AzureMachineLearningInference
AzureManagedGrafana AzureMonitor AzureMonitorForSAP AzureOpenDatasets AzurePlatformDNS AzurePlatformIMDS AzurePlatformLKM
AzureResourceManager AzureSentinel AzureSignalR AzureSiteRecovery AzureSphere AzureSpringCloud AzureStack AzureTrafficManager
AzureUpdateDelivery AzureVideoAnalyzerForMedia AzureWebPubSub BatchNodeManagement ChaosStudio CognitiveServicesFrontend
CognitiveServicesManagement DataFactory DataFactoryManagement Dynamics365ForMarketingEmail EOPExternalPublishedIPs EventHub
GatewayManager GenevaActions GuestAndHybridManagement HDInsight Internet LogicApps LogicAppsManagement Marketplace
M365ManagementActivityApi M365ManagementActivityApiWebhook MicrosoftAzureFluidRelay MicrosoftCloudAppSecurity
MicrosoftContainerRegistry MicrosoftDefenderForEndpoint MicrosoftPurviewPolicyDistribution OneDsCollector PowerBI
PowerPlatformInfra PowerPlatformPlex PowerQueryOnline Scuba SecurityCopilot SerialConsole ServiceBus ServiceFabric Sql
SqlManagement Storage StorageMover StorageSyncService VideoIndexer VirtualNetwork WindowsAdminCenter WindowsVirtualDesktop
"""
_SPELLED: Final = {name.lower(): name for name in _NAMES.split()}
#: The tags in lower case, without the region or part that may follow a dot.
SERVICE_TAGS: Final = frozenset(_SPELLED)


def spelled(tag: str) -> str:
    """A tag as Azure spells it."""
    name, dot, rest = tag.partition(".")
    return f"{_SPELLED.get(name, name)}{dot}{rest}"
